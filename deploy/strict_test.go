package deploy_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// A field that nobody knows is ignored by most tools, and with it what it was meant to do.
func TestMisspeltFieldsFail(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, right, wrong string }{
		"of a pod":               {"base/server.yaml", "readOnlyRootFilesystem:", "readOnlyRootFileSystem:"},
		"of a deployment":        {"base/worker.yaml", "revisionHistoryLimit:", "revisionsHistoryLimit:"},
		"of a job":               {"base/migrate.yaml", "ttlSecondsAfterFinished:", "ttlSecondAfterFinished:"},
		"of a cron job":          {"components/cronjob/cronjob.yaml", "concurrencyPolicy:", "concurencyPolicy:"},
		"of a network policy":    {"base/network.yaml", "podSelector:", "podSelectors:"},
		"of an autoscaler":       {"base/autoscaler.yaml", "stabilizationWindowSeconds:", "stabilisationWindowSeconds:"},
		"of a disruption budget": {"base/disruption.yaml", "maxUnavailable:", "maxUnavailabe:"},
		"of an ingress":          {"base/ingress.yaml", "pathType:", "pathKind:"},
		"of a service":           {"base/server.yaml", "targetPort:", "targetport:"},
		"of a service monitor":   {"base/monitors.yaml", "endpoints:", "endPoints:"},
		"of a kustomization":     {"overlays/production/kustomization.yaml", "components:", "component:"},
		"in an overlay's patch":  {"overlays/production/autoscaler.yaml", "maxReplicas:", "maxReplica:"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			name := "production"
			if strings.HasPrefix(test.file, "components/cronjob/") {
				name += " with cron job"
			}
			_, err := build(variants[name], func(disk filesys.FileSystem) error {
				text, err := disk.ReadFile("kubernetes/" + test.file)
				if err != nil {
					return err
				}
				if !bytes.Contains(text, []byte(test.right)) {
					return fmt.Errorf("%s has no %s", test.file, test.right)
				}
				return disk.WriteFile("kubernetes/"+test.file, bytes.ReplaceAll(text, []byte(test.right), []byte(test.wrong)))
			})
			is.True(err != nil)
			is.True(strings.Contains(err.Error(), strings.TrimSuffix(test.wrong, ":"))) // names the field
		})
	}
}
