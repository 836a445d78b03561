package deploy_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// findings are what a rule objects to.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// rules hold in every variant. TestRulesNotice shows of each that it can fail.
var rules = map[string]func(manifests) findings{
	"pods are locked down":               lockedDown,
	"pods stop in time":                  stopInTime,
	"pods fit the image":                 fitImage,
	"settings exist":                     settingsExist,
	"secrets are references":             secretsAreReferences,
	"what pods need is there":            needsAreThere,
	"selectors find pods":                selectorsFindPods,
	"ports and probes resolve":           portsResolve,
	"routes lead somewhere":              routesLead,
	"disruption and scaling fit":         scalingFits,
	"the network is closed but for need": networkIsClosed,
	"one namespace":                      oneNamespace,
}

func TestManifestsHold(t *testing.T) {
	t.Parallel()
	for name := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mustBuild(t, name)
			if len(m.pods()) != 3 { // migrate, server, and the one worker or the other
				t.Errorf("%d workloads", len(m.pods()))
			}
			for rule, check := range rules {
				for _, finding := range check(m) {
					t.Errorf("%s: %s", rule, finding)
				}
			}
		})
	}
}

// Overlays say where the image comes from and which it is; base cannot know.
func TestOverlaysNameTheirImage(t *testing.T) {
	t.Parallel()
	for name, v := range variants {
		if v.root == "base" {
			continue
		}
		for _, p := range mustBuild(t, name).pods() {
			for _, c := range p.spec.Containers {
				image, tag, found := strings.Cut(c.Image, ":")
				if !found || tag == "latest" || !strings.Contains(image, "/") {
					t.Errorf("%s: %s runs image %q", name, p.name, c.Image)
				}
			}
		}
	}
}

// The overlays differ in what they are for, and production is the larger.
func TestProductionIsLarger(t *testing.T) {
	t.Parallel()
	small, large := mustBuild(t, "staging"), mustBuild(t, "production")
	if a, b := servers(t, small), servers(t, large); a >= b {
		t.Errorf("staging has %d servers, production %d", a, b)
	}
	if a, b := mostWorkers(t, small), mostWorkers(t, large); a >= b {
		t.Errorf("staging may have %d workers, production %d", a, b)
	}
	for _, name := range []string{"marketplaces-server", "marketplaces-worker"} {
		if a, b := cpu(t, small, name), cpu(t, large, name); a >= b {
			t.Errorf("%s: staging asks for %d thousandths of a core, production for %d", name, a, b)
		}
	}
	if a, b := host(t, small), host(t, large); a == b {
		t.Errorf("both are at %s", a)
	}
}

// What operators must make or have under the same name is named in their page.
func TestReadmeNamesWhatIsTakenForGranted(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range variants {
		m := mustBuild(t, name)
		for _, wanted := range takenForGranted(m) {
			if !strings.Contains(string(page), "`"+wanted+"`") && !strings.Contains(string(page), " "+wanted+" ") {
				t.Errorf("%s needs %s, which README.md does not name", name, wanted)
			}
		}
	}
}

// takenForGranted are the names of what is outside of the manifests.
func takenForGranted(m manifests) (all []string) {
	for _, p := range m.pods() {
		for _, v := range p.spec.Volumes {
			if v.ConfigMap != nil {
				all = append(all, v.ConfigMap.Name)
			}
		}
		for _, c := range containers(p) {
			for _, e := range c.Env {
				if e.ValueFrom != nil {
					all = append(all, e.ValueFrom.SecretKeyRef.Name, e.Name)
				}
			}
		}
	}
	for _, i := range every[*networkingv1.Ingress](m) {
		for _, s := range i.Spec.TLS {
			all = append(all, s.SecretName)
		}
	}
	for _, p := range every[*networkingv1.NetworkPolicy](m) {
		for _, rule := range p.Spec.Ingress {
			all = append(all, namespaces(rule.From)...)
		}
		for _, rule := range p.Spec.Egress {
			all = append(all, namespaces(rule.To)...)
		}
	}
	return all
}

func namespaces(peers []networkingv1.NetworkPolicyPeer) (all []string) {
	for _, p := range peers {
		if p.NamespaceSelector != nil {
			all = append(all, p.NamespaceSelector.MatchLabels[corev1.LabelMetadataName])
		}
	}
	return all
}

func noticed(f findings, words string) bool {
	return slices.ContainsFunc(f, func(finding string) bool { return strings.Contains(finding, words) })
}
