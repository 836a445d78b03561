// Package deploy_test holds the manifests against the types of their APIs, against one another, and against the
// program and the image that they run. Nothing here needs a cluster.
package deploy_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// variant is a way to install: a kustomization, and components that an operator adds to it.
type variant struct {
	root       string
	components []string
}

// variants are those that must hold.
var variants = map[string]variant{
	"base":                               {"base", nil},
	"staging":                            {"overlays/staging", nil},
	"production":                         {"overlays/production", nil},
	"staging with cron job":              {"overlays/staging", []string{"cronjob"}},
	"production with cron job":           {"overlays/production", []string{"cronjob"}},
	"staging with app role":              {"overlays/staging", []string{"approle"}},
	"production with inbound mail":       {"overlays/production", []string{"inbound"}},
	"staging with inbound mail, objects": {"overlays/staging", []string{"inbound", "objects"}},
	"production with cron job, objects":  {"overlays/production", []string{"cronjob", "objects"}},
	"production with Amazon's API":       {"overlays/production", []string{"amazon"}},
	"staging with cron job, Amazon":      {"overlays/staging", []string{"cronjob", "amazon"}},
	"production with a relay":            {"overlays/production", []string{"inbound", "relay"}},
	"staging with cron job, relay":       {"overlays/staging", []string{"inbound", "cronjob", "relay"}},
	"production with cron job, app role": {"overlays/production", []string{"cronjob", "approle"}},
}

// object is a Kubernetes object of a known type.
type object interface {
	runtime.Object
	metav1.Object
}

// manifests are all objects of an installation.
type manifests []object

// every returns the objects of one type.
func every[T object](m manifests) (found []T) {
	for _, o := range m {
		if t, ok := o.(T); ok {
			found = append(found, t)
		}
	}
	return found
}

// named returns the object of a type and name.
func named[T object](m manifests, name string) (found T, ok bool) {
	for _, o := range every[T](m) {
		if o.GetName() == name {
			return o, true
		}
	}
	return found, false
}

func (m manifests) copy() manifests {
	c := make(manifests, len(m))
	for i, o := range m {
		c[i] = o.DeepCopyObject().(object)
	}
	return c
}

// pod is what a workload starts.
type pod struct {
	name   string // of the workload, with its kind
	labels labels.Set
	spec   *corev1.PodSpec
	serves bool // runs until it is stopped
}

func (m manifests) pods() (pods []pod) {
	for _, d := range every[*appsv1.Deployment](m) {
		pods = append(pods, pod{"Deployment " + d.Name, d.Spec.Template.Labels, &d.Spec.Template.Spec, true})
	}
	for _, j := range every[*batchv1.Job](m) {
		pods = append(pods, pod{"Job " + j.Name, j.Spec.Template.Labels, &j.Spec.Template.Spec, false})
	}
	for _, j := range every[*batchv1.CronJob](m) {
		t := &j.Spec.JobTemplate.Spec.Template
		pods = append(pods, pod{"CronJob " + j.Name, t.Labels, &t.Spec, false})
	}
	return pods
}

// selected returns the pods that a selector matches.
func (m manifests) selected(s *metav1.LabelSelector) (pods []pod) {
	selector, err := metav1.LabelSelectorAsSelector(s)
	for _, p := range m.pods() {
		if err == nil && selector.Matches(p.labels) {
			pods = append(pods, p)
		}
	}
	return pods
}

var decoder = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	add := runtime.NewSchemeBuilder(appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme,
		monitoringv1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme)
	if err := add.AddToScheme(scheme); err != nil {
		panic(err)
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}()

// decode reads one object as the API server does with strict validation: a field that its type does not have, or has
// twice, is an error.
func decode(text []byte) (object, error) {
	o, _, err := decoder.Decode(text, nil, nil)
	if err != nil {
		return nil, err
	}
	known, ok := o.(object)
	if !ok {
		return nil, fmt.Errorf("%v is no object", reflect.TypeOf(o))
	}
	return known, nil
}

// build makes the manifests of a variant. edit, if not nil, changes files before.
func build(v variant, edit func(filesys.FileSystem) error) (manifests, error) {
	disk := filesys.MakeFsInMemory()
	err := filepath.WalkDir("kubernetes", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return disk.WriteFile(path, text)
	})
	if err != nil {
		return nil, err
	}
	root := "kubernetes/" + v.root
	if err := addComponents(disk, root+"/kustomization.yaml", v.components); err != nil {
		return nil, err
	}
	if edit != nil {
		if err := edit(disk); err != nil {
			return nil, err
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, root)
	if err != nil {
		return nil, err
	}
	var m manifests
	for _, r := range built.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			return nil, err
		}
		o, err := decode(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.CurId(), err)
		}
		m = append(m, o)
	}
	return m, nil
}

// addComponents does what deploy/README.md tells operators to do.
func addComponents(disk filesys.FileSystem, file string, components []string) error {
	text, err := disk.ReadFile(file)
	if err != nil {
		return err
	}
	var list string
	for _, c := range components {
		list += "\n  - ../../components/" + c
	}
	edited := strings.Replace(string(text), "\ncomponents:", "\ncomponents:"+list, 1)
	if edited == string(text) && list != "" {
		edited += "components:" + list + "\n"
	}
	return disk.WriteFile(file, []byte(edited))
}

func mustBuild(t *testing.T, name string) manifests {
	t.Helper()
	m, err := build(variants[name], nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
