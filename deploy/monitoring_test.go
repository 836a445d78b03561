package deploy_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/matryer/is"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
)

// What kubernetes/monitoring prints is what Prometheus' operator and Grafana's sidecar read.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	out, err := exec.CommandContext(t.Context(), "kubernetes/monitoring").Output()
	is.NoErr(err)
	var m manifests
	for text := range strings.SplitSeq(string(out), "\n---\n") {
		o, err := decode([]byte(text))
		is.NoErr(err)
		m = append(m, o)
	}
	rules := mustHave[*monitoringv1.PrometheusRule](t, m, "marketplaces")
	alerts, onQueueAge := 0, false
	for _, group := range rules.Spec.Groups {
		for _, rule := range group.Rules {
			alerts++
			onQueueAge = onQueueAge || strings.Contains(rule.Expr.String(), queueAge)
		}
	}
	is.True(alerts > 0)
	is.True(onQueueAge) // the autoscaler and an alert look at the same metric, which another test holds to exist

	dashboards := mustHave[*corev1.ConfigMap](t, m, "marketplaces-dashboards")
	is.Equal(dashboards.Labels["grafana_dashboard"], "1")
	is.True(len(dashboards.Data) > 0)
	for name, text := range dashboards.Data {
		is.True(json.Valid([]byte(text)) && strings.HasSuffix(name, ".json"))
	}
}
