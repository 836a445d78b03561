package deploy_test

import (
	"slices"
	"strconv"
	"strings"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// selectorsFindPods: a Deployment its own pods and no other's, a Service some.
func selectorsFindPods(m manifests) (f findings) {
	for _, d := range every[*appsv1.Deployment](m) {
		found := m.selected(d.Spec.Selector)
		if len(found) != 1 || found[0].name != "Deployment "+d.Name {
			f.add("Deployment %s selects %v", d.Name, names(found))
		}
		for _, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
			if spread := m.selected(c.LabelSelector); len(spread) != 1 || spread[0].name != "Deployment "+d.Name {
				f.add("Deployment %s spreads %v", d.Name, names(spread))
			}
		}
	}
	for _, s := range every[*corev1.Service](m) {
		if len(m.behind(s)) != 1 {
			f.add("Service %s selects %v", s.Name, names(m.behind(s)))
		}
	}
	return f
}

func (m manifests) behind(s *corev1.Service) []pod {
	return m.selected(&metav1.LabelSelector{MatchLabels: s.Spec.Selector})
}

func names(pods []pod) (n []string) {
	for _, p := range pods {
		n = append(n, p.name)
	}
	return n
}

// port returns the number of a port of a pod, by name or number, 0 if it has none such.
func (p pod) port(want intstr.IntOrString) int32 {
	for _, c := range containers(p) {
		for _, port := range c.Ports {
			if port.Name == want.StrVal && want.Type == intstr.String || port.ContainerPort == want.IntVal && want.Type == intstr.Int {
				return port.ContainerPort
			}
		}
	}
	return 0
}

// portsResolve: what listens, what is named and what is asked are the same ports.
func portsResolve(m manifests) (f findings) {
	for _, p := range m.pods() {
		for _, c := range containers(p) {
			listens := given(m, c)["PORT"]
			if c.Command[0] == "/worker" {
				_, listens, _ = strings.Cut(given(m, c)["KEYBUZZ_METRICS_ADDR"], ":")
			}
			for _, port := range c.Ports {
				listens := listens
				if port.Name == "lmtp" {
					_, listens, _ = strings.Cut(given(m, c)["KEYBUZZ_LMTP_ADDR"], ":")
				}
				if strconv.Itoa(int(port.ContainerPort)) != listens {
					f.add("%s has port %d and listens on %q", p.name, port.ContainerPort, listens)
				}
			}
			for path, probe := range map[string]*corev1.Probe{
				"/healthz": c.LivenessProbe, "/readyz": c.ReadinessProbe, "/healthz at the start": c.StartupProbe,
			} {
				path, _, _ = strings.Cut(path, " ")
				switch {
				case probe == nil && p.serves:
					f.add("%s has no probe of %s", p.name, path)
				case probe == nil:
				case probe.HTTPGet == nil || probe.HTTPGet.Path != path || p.port(probe.HTTPGet.Port) == 0:
					f.add("%s: a probe does not ask %s at a port that there is", p.name, path)
				case path == "/readyz" && probe.TimeoutSeconds < 3:
					f.add("%s: /readyz may take 2 s for the database, the probe waits %d", p.name, probe.TimeoutSeconds)
				}
			}
		}
	}
	return f
}

// routesLead: from host to Service to pod, and from Prometheus to pod.
func routesLead(m manifests) (f findings) {
	for _, s := range every[*corev1.Service](m) {
		for _, p := range m.behind(s) {
			for _, port := range s.Spec.Ports {
				if p.port(port.TargetPort) == 0 {
					f.add("Service %s: %s has no port %s", s.Name, p.name, port.TargetPort.String())
				}
			}
		}
	}
	for _, i := range every[*networkingv1.Ingress](m) {
		var hosts, secured []string
		for _, t := range i.Spec.TLS {
			secured = append(secured, t.Hosts...)
		}
		for _, r := range i.Spec.Rules {
			hosts = append(hosts, r.Host)
			for _, path := range r.HTTP.Paths {
				if !hasPort(m, path.Backend.Service.Name, path.Backend.Service.Port.Name) {
					f.add("Ingress %s: %s leads nowhere", i.Name, path.Path)
				}
				if slices.Contains([]string{"/", "/metrics", "/readyz", "/healthz"}, path.Path) {
					f.add("Ingress %s shows %s to everybody", i.Name, path.Path)
				}
			}
		}
		if len(hosts) == 0 || !slices.Equal(hosts, secured) {
			f.add("Ingress %s serves %v and has certificates for %v", i.Name, hosts, secured)
		}
	}
	watched := map[string]bool{}
	for _, monitor := range every[*monitoringv1.ServiceMonitor](m) {
		selector, err := metav1.LabelSelectorAsSelector(&monitor.Spec.Selector)
		if err != nil {
			f.add("%v", err)
			continue
		}
		for _, e := range monitor.Spec.Endpoints {
			found := 0
			for _, s := range every[*corev1.Service](m) {
				if selector.Matches(labels.Set(s.Labels)) && hasPort(m, s.Name, e.Port) && e.Path == "/metrics" {
					watched[s.Name] = true
					found++
				}
			}
			if found != 1 {
				f.add("ServiceMonitor %s: endpoint %s%s is that of %d Services", monitor.Name, e.Port, e.Path, found)
			}
		}
	}
	for _, s := range every[*corev1.Service](m) {
		if !watched[s.Name] && !hasPort(m, s.Name, "lmtp") { // the same pods as the server's Service
			f.add("Service %s is not monitored", s.Name)
		}
	}
	return f
}

func hasPort(m manifests, service, port string) bool {
	s, ok := named[*corev1.Service](m, service)
	return ok && slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == port })
}

// oneNamespace: all is in the namespace that the manifests make, if they say where.
func oneNamespace(m manifests) (f findings) {
	spaces := every[*corev1.Namespace](m)
	if len(spaces) != 1 || spaces[0].Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		f.add("want one namespace, restricted")
		return f
	}
	for _, o := range m {
		if o.GetNamespace() != "" && o.GetNamespace() != spaces[0].Name {
			f.add("%s is in %s, not in %s", o.GetName(), o.GetNamespace(), spaces[0].Name)
		}
		if _, config := o.(*corev1.ConfigMap); !config && o.GetLabels()["app.kubernetes.io/name"] != "marketplaces" {
			f.add("%s is not labelled as ours", o.GetName())
		}
	}
	return f
}
