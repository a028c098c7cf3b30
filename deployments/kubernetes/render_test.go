// Package kubernetes_test holds what is shipped for Kubernetes against what
// Kubernetes, Prometheus, NATS and the programs themselves say. It needs no
// cluster. It is a module of its own, so that none of what it needs for this
// stands in the go.mod of wxbus.
package kubernetes_test

import (
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
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// all are the manifests as somebody may apply them: the overlays, prod with a
// worker more, and prod with what it has the choice of.
var all = map[string]func(t *testing.T) []object{
	"dev":  func(t *testing.T) []object { return render(t, "overlays/dev") },
	"prod": func(t *testing.T) []object { return render(t, "overlays/prod") },
	"prod and a worker": func(t *testing.T) []object {
		return render(t, kustomization(t, "overlays/prod", "workers/greeter"))
	},
	"the other choices": func(t *testing.T) []object {
		return render(t, kustomization(t, "base", "components/hpa", "components/httproute"))
	},
}

// object is one of the objects of some manifests, decoded strictly.
type object struct {
	kind string
	name string
	text []byte
	runtime.Object
}

func (o object) meta() metav1.Object {
	m, ok := o.Object.(metav1.Object)
	if !ok {
		panic(o.kind + " has no metadata")
	}
	return m
}

func eachOverlay(t *testing.T, check func(t *testing.T, objects []object)) {
	t.Helper()
	for name, rendered := range all {
		t.Run(name, func(t *testing.T) { check(t, rendered(t)) })
	}
}

// kustomization returns a folder with some resources and components.
func kustomization(t *testing.T, resource string, components ...string) string {
	t.Helper()
	folder := t.TempDir()
	relative := func(path string) string {
		whole, err := filepath.Abs(path)
		if err == nil {
			path, err = filepath.Rel(folder, whole)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := "namespace: wxbus\nresources: [" + relative(resource) + "]\ncomponents:\n"
	for _, component := range components {
		text += "  - " + relative(component) + "\n"
	}
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func render(t *testing.T, folder string) (objects []object) {
	t.Helper()
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range rendered.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		kind, name := resource.GetKind(), resource.GetName()
		decoded, err := decode(kind, text)
		if err != nil {
			t.Errorf("%s %s: %v", kind, name, err)
			continue
		}
		objects = append(objects, object{kind, name, text, decoded})
	}
	return objects
}

var strict = func() *json.Serializer {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme,
		policyv1.AddToScheme, monitoringv1.AddToScheme, gatewayv1.Install,
	} {
		if err := add(known); err != nil {
			panic(err)
		}
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, known, known, json.SerializerOptions{Yaml: true, Strict: true})
}()

// decode refuses fields that the kind does not have, and those that stand twice.
func decode(kind string, text []byte) (runtime.Object, error) {
	switch kind {
	case "ScaledObject":
		return own(new(scaledObject), text)
	case "Certificate", "Issuer":
		return own(new(certManager), text)
	}
	decoded, _, err := strict.Decode(text, nil, nil)
	return decoded, err
}

func own(target runtime.Object, text []byte) (runtime.Object, error) {
	return target, yaml.UnmarshalStrict(text, target)
}

// workload is a pod template with what it is for.
type workload struct {
	name  string
	meta  metav1.ObjectMeta
	spec  corev1.PodSpec
	owner object
}

func workloads(objects []object) (found []workload) {
	for _, o := range objects {
		switch w := o.Object.(type) {
		case *appsv1.Deployment:
			found = append(found, workload{o.name, w.Spec.Template.ObjectMeta, w.Spec.Template.Spec, o})
		case *appsv1.StatefulSet:
			found = append(found, workload{o.name, w.Spec.Template.ObjectMeta, w.Spec.Template.Spec, o})
		case *batchv1.Job:
			found = append(found, workload{o.name, w.Spec.Template.ObjectMeta, w.Spec.Template.Spec, o})
		}
	}
	return found
}

// find returns the object of a kind and a name.
func find[T runtime.Object](t *testing.T, objects []object, name string) T {
	t.Helper()
	for _, o := range objects {
		if found, ok := o.Object.(T); ok && o.name == name {
			return found
		}
	}
	t.Fatalf("no %s %s", reflect.TypeFor[T](), name)
	panic("not reached")
}

func TestManifestsAreRead(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		names := map[string]bool{}
		for _, o := range objects {
			key := o.kind + " " + o.name
			if names[key] {
				t.Errorf("%s stands there twice", key)
			}
			names[key] = true
			if strings.Contains(string(o.text), "<no value>") {
				t.Errorf("%s has a value that is none", key)
			}
		}
		for _, want := range []string{"Job wxbus-apply", "Deployment ingress", "Deployment sender", "Deployment autoreply", "Service ingress"} {
			if !names[want] {
				t.Errorf("there is no %s", want)
			}
		}
	})
}

// A field that does not exist is a fault, in kinds of Kubernetes and of others.
func TestUnknownFieldsAreRefused(t *testing.T) {
	for kind, text := range map[string]string{
		"Service":      "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {port: 1}\n",
		"ScaledObject": "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: a}\nspec: {minReplicas: 1}\n",
	} {
		if _, err := decode(kind, []byte(text)); err == nil {
			t.Errorf("%s: a field that does not exist is taken", kind)
		}
	}
}
