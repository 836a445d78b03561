package deploy_test

import (
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func mustHave[T object](t *testing.T, m manifests, name string) T {
	t.Helper()
	o, ok := named[T](m, name)
	if !ok {
		t.Fatalf("no %s", name)
	}
	return o
}

// TestRulesNotice breaks production in one place after the other and wants the rule for it to say so.
func TestRulesNotice(t *testing.T) {
	t.Parallel()
	type server = *corev1.Container
	type broken struct {
		rule, says string
		do         func(m manifests, d *appsv1.Deployment, c server)
	}
	policy := func(m manifests, name string) *networkingv1.NetworkPolicy {
		return mustHave[*networkingv1.NetworkPolicy](t, m, name)
	}
	tests := map[string]broken{
		"root may be written": {"pods are locked down", "read-only root", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.SecurityContext.ReadOnlyRootFilesystem = nil
		}},
		"a capability": {"pods are locked down", "loosens", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.SecurityContext.Capabilities.Add = []corev1.Capability{"NET_ADMIN"}
		}},
		"another user than the image's": {"pods are locked down", "image's user", func(_ manifests, d *appsv1.Deployment, _ server) {
			*d.Spec.Template.Spec.SecurityContext.RunAsUser = 1000
		}},
		"a token of the cluster": {"pods are locked down", "token", func(_ manifests, d *appsv1.Deployment, _ server) {
			d.Spec.Template.Spec.AutomountServiceAccountToken = nil
		}},
		"memory without end": {"pods are locked down", "limit of memory", func(_ manifests, _ *appsv1.Deployment, c server) {
			delete(c.Resources.Limits, corev1.ResourceMemory)
		}},
		"a heap as large as the limit": {"pods are locked down", "too little", func(_ manifests, _ *appsv1.Deployment, c server) {
			setEnv(c, "GOMEMLIMIT", "512MiB")
		}},
		"a folder of the host": {"pods are locked down", "neither", func(_ manifests, d *appsv1.Deployment, _ server) {
			d.Spec.Template.Spec.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
		}},
		"no time to stop": {"pods stop in time", "to stop", func(_ manifests, d *appsv1.Deployment, _ server) {
			*d.Spec.Template.Spec.TerminationGracePeriodSeconds = 15
		}},
		"a hook that needs a shell": {"pods stop in time", "no shell", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.Lifecycle.PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep", "5"}}}
		}},
		"a command that the image lacks": {"pods fit the image", "the image has", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.Command = []string{"/bin/server"}
		}},
		"a misspelt setting": {"settings exist", "LOG_LEVLE", func(_ manifests, _ *appsv1.Deployment, c server) {
			setEnv(c, "LOG_LEVLE", "info")
		}},
		"a misspelt setting in the ConfigMap": {"settings exist", "VAULT_ADRR", func(m manifests, _ *appsv1.Deployment, _ server) {
			every[*corev1.ConfigMap](m)[0].Data["VAULT_ADRR"] = "x"
		}},
		"a secret in the open": {"secrets are references", "DATABASE_URL", func(_ manifests, _ *appsv1.Deployment, c server) {
			setEnv(c, "DATABASE_URL", "postgres://u:p@h/d")
		}},
		"a secret in the ConfigMap": {"secrets are references", "JWT_SECRET", func(m manifests, _ *appsv1.Deployment, _ server) {
			every[*corev1.ConfigMap](m)[0].Data["JWT_SECRET"] = "x"
		}},
		"no account": {"what pods need is there", "service account", func(_ manifests, d *appsv1.Deployment, _ server) {
			d.Spec.Template.Spec.ServiceAccountName = "default"
		}},
		"settings from nowhere": {"what pods need is there", "no ConfigMap", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.EnvFrom[0].ConfigMapRef.Name = "marketplaces"
		}},
		"a volume that is not mounted": {"what pods need is there", "mounts", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.VolumeMounts = c.VolumeMounts[:1]
		}},
		"a selector of other pods": {"selectors find pods", "selects", func(_ manifests, d *appsv1.Deployment, _ server) {
			d.Spec.Template.Labels["app.kubernetes.io/component"] = "worker"
		}},
		"a Service without pods": {"selectors find pods", "Service", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*corev1.Service](t, m, "marketplaces-server").Spec.Selector["app.kubernetes.io/component"] = "api"
		}},
		"a probe of a port that is not": {"ports and probes resolve", "/healthz", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.LivenessProbe.HTTPGet.Port = intstr.FromString("web")
		}},
		"a probe of another path": {"ports and probes resolve", "/readyz", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.ReadinessProbe.HTTPGet.Path = "/ready"
		}},
		"no probe": {"ports and probes resolve", "no probe", func(_ manifests, _ *appsv1.Deployment, c server) {
			c.ReadinessProbe = nil
		}},
		"another port than it listens on": {"ports and probes resolve", "listens", func(_ manifests, _ *appsv1.Deployment, c server) {
			setEnv(c, "PORT", "8080")
		}},
		"a route to nothing": {"routes lead somewhere", "leads nowhere", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*corev1.Service](t, m, "marketplaces-server").Name = "api"
		}},
		"a target that no pod has": {"routes lead somewhere", "has no port", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*corev1.Service](t, m, "marketplaces-server").Spec.Ports[0].TargetPort = intstr.FromInt32(80)
		}},
		"metrics for everybody": {"routes lead somewhere", "to everybody", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*networkingv1.Ingress](t, m, "marketplaces").Spec.Rules[0].HTTP.Paths[0].Path = "/"
		}},
		"a host without certificate": {"routes lead somewhere", "certificates", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*networkingv1.Ingress](t, m, "marketplaces").Spec.Rules[0].Host = "other.example.com"
		}},
		"a monitor of nothing": {"routes lead somewhere", "of 0 Services", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*monitoringv1.ServiceMonitor](t, m, "marketplaces-server").Spec.Endpoints[0].Port = "metrics"
		}},
		"a budget for nobody": {"disruption and scaling fit", "disruption budget", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*policyv1.PodDisruptionBudget](t, m, "marketplaces-server").Spec.Selector.MatchLabels["app.kubernetes.io/component"] = "api"
		}},
		"an autoscaler of nothing": {"disruption and scaling fit", "not there", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*autoscalingv2.HorizontalPodAutoscaler](t, m, "marketplaces-worker").Spec.ScaleTargetRef.Name = "worker"
		}},
		"replicas beside an autoscaler": {"disruption and scaling fit", "set back", func(m manifests, _ *appsv1.Deployment, _ server) {
			mustHave[*appsv1.Deployment](t, m, "marketplaces-worker").Spec.Replicas = new(int32(2))
		}},
		"nothing denied": {"the network is closed but for need", "by default", func(m manifests, _ *appsv1.Deployment, _ server) {
			policy(m, "marketplaces").Spec.PolicyTypes = nil
		}},
		"no way to the database": {"the network is closed but for need", "5432", func(m manifests, _ *appsv1.Deployment, _ server) {
			policy(m, "marketplaces-postgres").Spec.PodSelector.MatchLabels = map[string]string{"app": "x"}
		}},
		"a way too many": {"the network is closed but for need", "does not need", func(m manifests, _ *appsv1.Deployment, _ server) {
			policy(m, "marketplaces-vault").Spec.PodSelector.MatchExpressions = nil
		}},
		"everybody may come": {"the network is closed but for need", "all peers", func(m manifests, _ *appsv1.Deployment, _ server) {
			policy(m, "marketplaces-server").Spec.Ingress[0].From = nil
		}},
		"mailboxes in the cluster": {"the network is closed but for need", "10.1.2.3", func(m manifests, _ *appsv1.Deployment, _ server) {
			b := policy(m, "marketplaces-mailboxes").Spec.Egress[0].To[0].IPBlock
			b.Except = b.Except[1:]
		}},
		"a port that no pod has": {"the network is closed but for need", "does not have", func(m manifests, _ *appsv1.Deployment, _ server) {
			policy(m, "marketplaces-worker").Spec.Ingress[0].Ports[0].Port = new(intstr.FromString("http"))
		}},
		"two namespaces": {"one namespace", "default", func(_ manifests, d *appsv1.Deployment, _ server) {
			d.Namespace = "default"
		}},
	}
	whole, seen := mustBuild(t, "production"), map[string]bool{}
	for name, test := range tests {
		seen[test.rule] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := whole.copy()
			d := mustHave[*appsv1.Deployment](t, m, "marketplaces-server")
			test.do(m, d, &d.Spec.Template.Spec.Containers[0])
			if found := rules[test.rule](m); !noticed(found, test.says) {
				t.Errorf("%s said %q", test.rule, found)
			}
		})
	}
	for rule := range rules {
		if !seen[rule] {
			t.Errorf("nothing shows that %q can fail", rule)
		}
	}
}

func setEnv(c *corev1.Container, name, value string) {
	for i := range c.Env {
		if c.Env[i].Name == name {
			c.Env[i] = corev1.EnvVar{Name: name, Value: value}
			return
		}
	}
	c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
}
