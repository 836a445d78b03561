package deploy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// libraries read these settings: Go itself, Vault's client, OpenTelemetry.
var libraries = []string{
	"GOMEMLIMIT", "SSL_CERT_DIR", "VAULT_CACERT", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT",
	"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
	"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_SDK_DISABLED",
}

// setting is one that the program reads.
type setting struct {
	name   string
	secret bool
}

// settings reads which there are from the program's source: this module does not build the program for it.
func settings() (found []setting, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), "../app/boot/config.go", nil, 0)
	if err != nil {
		return nil, err
	}
	for node := range ast.Preorder(file) {
		field, ok := node.(*ast.Field)
		if !ok || field.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			return nil, err
		}
		if name := reflect.StructTag(tag).Get("env"); name != "" {
			typ, _ := field.Type.(*ast.SelectorExpr)
			found = append(found, setting{name, typ != nil && typ.Sel.Name == "Secret"})
		}
	}
	return found, nil
}

func TestSettingsAreRead(t *testing.T) {
	t.Parallel()
	all, err := settings()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []setting{{"DATABASE_URL", true}, {"JWT_SECRET", true}, {"VAULT_SECRET_ID", true}, {"PORT", false}} {
		if !slices.Contains(all, want) {
			t.Errorf("%v is not among %v", want, all)
		}
	}
}

// given are the settings of a container: names with values, empty where a Secret has the value.
func given(m manifests, c corev1.Container) map[string]string {
	values := map[string]string{}
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef != nil {
			if config, ok := named[*corev1.ConfigMap](m, from.ConfigMapRef.Name); ok {
				for name, value := range config.Data {
					values[name] = value
				}
			}
		}
	}
	for _, e := range c.Env {
		values[e.Name] = e.Value
	}
	return values
}

// settingsExist: a misspelt setting would be none.
func settingsExist(m manifests) (f findings) {
	all, err := settings()
	if err != nil {
		f.add("%v", err)
	}
	for _, p := range m.pods() {
		for _, c := range containers(p) {
			for name := range given(m, c) {
				if !slices.Contains(libraries, name) && !slices.ContainsFunc(all, func(s setting) bool { return s.name == name }) {
					f.add("%s sets %s, which nothing reads", p.name, name)
				}
			}
		}
	}
	return f
}

// secretsAreReferences: what the program takes for a secret comes from a Secret, and no Secret is in the manifests.
func secretsAreReferences(m manifests) (f findings) {
	all, err := settings()
	if err != nil {
		f.add("%v", err)
	}
	if len(every[*corev1.Secret](m)) > 0 {
		f.add("a Secret is among the manifests")
	}
	for _, s := range all {
		for _, config := range every[*corev1.ConfigMap](m) {
			if _, there := config.Data[s.name]; s.secret && there {
				f.add("ConfigMap %s has %s", config.Name, s.name)
			}
		}
	}
	for _, p := range m.pods() {
		for _, c := range containers(p) {
			for _, e := range c.Env {
				secret := slices.Contains(all, setting{e.Name, true})
				reference := e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && e.ValueFrom.SecretKeyRef.Key == e.Name
				if secret && !reference {
					f.add("%s: %s is not the key of that name in a Secret", p.name, e.Name)
				}
			}
		}
	}
	return f
}

// needsAreThere: accounts, ConfigMaps and volumes that pods name.
func needsAreThere(m manifests) (f findings) {
	for _, p := range m.pods() {
		if _, ok := named[*corev1.ServiceAccount](m, p.spec.ServiceAccountName); !ok {
			f.add("%s: there is no service account %q", p.name, p.spec.ServiceAccountName)
		}
		volumes := map[string]bool{}
		for _, v := range p.spec.Volumes {
			volumes[v.Name] = true
			if v.ConfigMap != nil && !set(v.ConfigMap.Optional, true) {
				if _, ok := named[*corev1.ConfigMap](m, v.ConfigMap.Name); !ok {
					f.add("%s: there is no ConfigMap %q", p.name, v.ConfigMap.Name)
				}
			}
		}
		for _, c := range containers(p) {
			mounted := map[string]bool{}
			for _, v := range c.VolumeMounts {
				mounted[v.Name] = true
				if !v.ReadOnly {
					f.add("%s may write to volume %s", p.name, v.Name)
				}
			}
			if !reflect.DeepEqual(mounted, volumes) {
				f.add("%s mounts %v of %v", p.name, mounted, volumes)
			}
			for _, from := range c.EnvFrom {
				if from.ConfigMapRef == nil {
					f.add("%s takes settings from something that is not looked into", p.name)
				} else if _, ok := named[*corev1.ConfigMap](m, from.ConfigMapRef.Name); !ok {
					f.add("%s: there is no ConfigMap %q", p.name, from.ConfigMapRef.Name)
				}
			}
		}
	}
	return f
}
