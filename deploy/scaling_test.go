package deploy_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
)

// queueAge is the metric that says whether there are enough workers.
const queueAge = "marketplaces_queue_oldest_due_seconds"

// scalingFits: each Deployment may be drained, by one pod at a time, and has its number of pods from one place only.
func scalingFits(m manifests) (f findings) {
	budgets, scalers := map[string]int{}, map[string]int{}
	for _, b := range every[*policyv1.PodDisruptionBudget](m) {
		found := m.selected(b.Spec.Selector)
		if len(found) != 1 || !found[0].serves {
			f.add("PodDisruptionBudget %s is for %v", b.Name, names(found))
			continue
		}
		budgets[found[0].name]++
		if b.Spec.MinAvailable != nil || b.Spec.MaxUnavailable == nil || b.Spec.MaxUnavailable.IntValue() < 1 {
			f.add("PodDisruptionBudget %s may block every drain", b.Name)
		}
	}
	for _, h := range every[*autoscalingv2.HorizontalPodAutoscaler](m) {
		target := h.Spec.ScaleTargetRef
		scalers[target.Kind+" "+target.Name]++
		if d, ok := named[*appsv1.Deployment](m, target.Name); !ok || target.Kind != "Deployment" || target.APIVersion != "apps/v1" {
			f.add("HorizontalPodAutoscaler %s scales %s %s, which is not there", h.Name, target.Kind, target.Name)
		} else if d.Spec.Replicas != nil {
			f.add("Deployment %s has replicas, which each release would set back", d.Name)
		}
		if h.Spec.MinReplicas == nil || *h.Spec.MinReplicas < 1 || *h.Spec.MinReplicas >= h.Spec.MaxReplicas {
			f.add("HorizontalPodAutoscaler %s has no room", h.Name)
		}
		for _, metric := range h.Spec.Metrics {
			if metric.External == nil || metric.External.Metric.Name != queueAge || metric.External.Target.Value == nil {
				f.add("HorizontalPodAutoscaler %s: want the age of the queue as the value of one external metric", h.Name)
			}
		}
	}
	for _, d := range every[*appsv1.Deployment](m) {
		name := "Deployment " + d.Name
		if budgets[name] != 1 {
			f.add("%s has %d disruption budgets", name, budgets[name])
		}
		if scaled := scalers[name] == 1; scaled == (d.Spec.Replicas != nil) {
			f.add("%s: want replicas or an autoscaler", name)
		}
		if r := d.Spec.Strategy.RollingUpdate; r == nil || r.MaxUnavailable == nil || r.MaxUnavailable.IntValue() != 0 {
			f.add("%s takes pods away before new ones are ready", name)
		}
	}
	return f
}

func servers(t *testing.T, m manifests) int32 {
	t.Helper()
	d, ok := named[*appsv1.Deployment](m, "marketplaces-server")
	if !ok || d.Spec.Replicas == nil {
		t.Fatal("no server")
	}
	return *d.Spec.Replicas
}

func cpu(t *testing.T, m manifests, deployment string) int64 {
	t.Helper()
	d, ok := named[*appsv1.Deployment](m, deployment)
	if !ok {
		t.Fatalf("no %s", deployment)
	}
	return d.Spec.Template.Spec.Containers[0].Resources.Requests.Cpu().MilliValue()
}

func mostWorkers(t *testing.T, m manifests) int32 {
	t.Helper()
	h, ok := named[*autoscalingv2.HorizontalPodAutoscaler](m, "marketplaces-worker")
	if !ok {
		t.Fatal("no autoscaler")
	}
	return h.Spec.MaxReplicas
}

func host(t *testing.T, m manifests) string {
	t.Helper()
	i, ok := named[*networkingv1.Ingress](m, "marketplaces")
	if !ok || len(i.Spec.Rules) == 0 {
		t.Fatal("no ingress")
	}
	return i.Spec.Rules[0].Host
}
