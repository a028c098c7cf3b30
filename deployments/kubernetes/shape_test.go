package kubernetes_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
)

// partitions of a stream: more replicas of an ordered worker have nothing to do.
const partitions = 16

// around is what a program may take on top of SHUTDOWN_TIMEOUT.
const around = 5 * time.Second

// A pod is killed only after all that it does at its end has had its time.
func TestGracePeriodsFitTheDrain(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			text, drains := environment(t, objects, w)["SHUTDOWN_TIMEOUT"]
			if _, isJob := w.owner.Object.(*batchv1.Job); !drains || isJob {
				continue
			}
			need, err := time.ParseDuration(text)
			if err != nil {
				t.Fatal(err)
			}
			need += around
			if l := w.spec.Containers[0].Lifecycle; l != nil && l.PreStop != nil {
				need += time.Duration(l.PreStop.Sleep.Seconds) * time.Second
			}
			if has := time.Duration(*w.spec.TerminationGracePeriodSeconds) * time.Second; has < need {
				t.Errorf("%s: terminationGracePeriodSeconds is %s, want %s or more", w.name, has, need)
			}
		}
	})
}

// Liveness asks whether the process lives, and never for NATS: a restart would
// mend nothing.
func TestProbesAskTheAdminPort(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			if _, isDeployment := w.owner.Object.(*appsv1.Deployment); !isDeployment {
				continue
			}
			c := w.spec.Containers[0]
			for path, probe := range map[string]*corev1.Probe{"/healthz": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
				if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.String() != "admin" {
					t.Errorf("%s: no probe of %s on the admin port", w.name, path)
				}
			}
			if p := c.LivenessProbe; p.TimeoutSeconds < 5 || p.PeriodSeconds*p.FailureThreshold < 60 {
				t.Errorf("%s: a node that is busy for a minute would have it restarted", w.name)
			}
			admin := slices.IndexFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == "admin" })
			if admin < 0 || environment(t, objects, w)["ADMIN_ADDR"] != ":"+strconv.Itoa(int(c.Ports[admin].ContainerPort)) {
				t.Errorf("%s: port admin is not that of ADMIN_ADDR", w.name)
			}
		}
	})
}

// No update takes a replica away before there is another, replicas stand in
// different zones, and one at a time is taken from a node.
func TestDeploymentsStayUp(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			d, isDeployment := w.owner.Object.(*appsv1.Deployment)
			if !isDeployment || w.name == "simulator" {
				continue
			}
			if r := d.Spec.Strategy.RollingUpdate; r == nil || r.MaxUnavailable.IntValue() != 0 || r.MaxSurge.IntValue() < 1 {
				t.Errorf("%s: an update takes a replica away first", w.name)
			}
			var keys []string
			for _, spread := range w.spec.TopologySpreadConstraints {
				keys = append(keys, spread.TopologyKey)
				if !selects(spread.LabelSelector, w.meta.Labels) {
					t.Errorf("%s: it is not spread among its own", w.name)
				}
			}
			if !slices.Contains(keys, "topology.kubernetes.io/zone") || !slices.Contains(keys, "kubernetes.io/hostname") {
				t.Errorf("%s: spread over %v", w.name, keys)
			}
			budget := find[*policyv1.PodDisruptionBudget](t, objects, w.name)
			if !selects(budget.Spec.Selector, w.meta.Labels) {
				t.Errorf("%s: its budget selects others", w.name)
			}
		}
	})
}

// Selectors of one workload fit no pod of another, and hold no label that a new
// version changes.
func TestSelectorsAreExact(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, o := range objects {
			var selector map[string]string
			switch s := o.Object.(type) {
			case *corev1.Service:
				selector = s.Spec.Selector
			case *appsv1.Deployment:
				selector = s.Spec.Selector.MatchLabels
			default:
				continue
			}
			if _, versioned := selector["app.kubernetes.io/version"]; versioned {
				t.Errorf("%s %s: the version is in its selector", o.kind, o.name)
			}
			var fits []string
			for _, w := range workloads(objects) {
				if contains(w.meta.Labels, selector) {
					fits = append(fits, w.name)
				}
			}
			if len(fits) != 1 {
				t.Errorf("%s %s selects %v", o.kind, o.name, fits)
			}
		}
	})
}

func contains(all, some map[string]string) bool {
	for key, value := range some {
		if all[key] != value {
			return false
		}
	}
	return true
}

func TestLabelsAreTheRecommendedOnes(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			for _, label := range []string{"name", "component"} {
				if w.meta.Labels["app.kubernetes.io/"+label] == "" || w.owner.meta().GetLabels()["app.kubernetes.io/"+label] == "" {
					t.Errorf("%s: label %s is missing", w.name, label)
				}
			}
		}
	})
}

// Only `images:` of an overlay says where images come from.
func TestOverlaysNameEveryImage(t *testing.T) {
	for _, overlay := range []string{"dev", "prod", "prod and a worker"} {
		for _, w := range workloads(all[overlay](t)) {
			if image := w.spec.Containers[0].Image; !strings.Contains(image, "/") || !strings.Contains(image, ":") {
				t.Errorf("%s: %s: image %q has no registry or no tag", overlay, w.name, image)
			}
		}
	}
}

// A Deployment that is scaled says no number of replicas: each apply would set
// it back. What scales an ordered worker knows how many can have work.
func TestScalersOwnTheNumber(t *testing.T) {
	for name, want := range map[string][]string{
		"prod and a worker": {"ingress", "sender", "autoreply", "greeter"}, "the other choices": {"ingress", "sender", "autoreply"},
	} {
		objects := all[name](t)
		most := map[string]int32{}
		for _, o := range objects {
			switch s := o.Object.(type) {
			case *scaledObject:
				most[s.Spec.ScaleTargetRef.Name] = s.Spec.MaxReplicaCount
				checkTriggers(t, objects, s)
			case *autoscalingv2.HorizontalPodAutoscaler:
				most[s.Spec.ScaleTargetRef.Name] = s.Spec.MaxReplicas
				if s.Spec.Behavior == nil || s.Spec.Behavior.ScaleDown == nil {
					t.Errorf("%s: it goes down at once", s.Name)
				}
			}
		}
		for _, scaled := range want {
			d := find[*appsv1.Deployment](t, objects, scaled)
			if most[scaled] == 0 {
				t.Errorf("%s: nothing scales %s", name, scaled)
			}
			if d.Spec.Replicas != nil {
				t.Errorf("%s: Deployment %s says how many", name, scaled)
			}
			settings := environment(t, objects, workload{spec: d.Spec.Template.Spec})
			if (settings["WORKER_ORDER"] == "user" || settings["SENDER_ORDER"] == "user") && most[scaled] > partitions {
				t.Errorf("%s: up to %d replicas for %d partitions", scaled, most[scaled], partitions)
			}
		}
	}
}

func checkTriggers(t *testing.T, objects []object, s *scaledObject) {
	t.Helper()
	name := s.Spec.ScaleTargetRef.Name
	if s.Spec.MinReplicaCount < 1 {
		t.Errorf("%s: the first message would wait for a pod to start", name)
	}
	if s.Spec.Fallback.Replicas < 1 || s.Spec.Advanced.HPA.Behavior == nil {
		t.Errorf("%s: no fallback, or no windows", name)
	}
	lag, age := false, false
	for _, trigger := range s.Spec.Triggers {
		at := trigger.Metadata["valueLocation"]
		lag = lag || trigger.Type == "nats-jetstream" && trigger.Metadata["consumer"] == name || at == "lag"
		age = age || strings.HasSuffix(at, "_age_seconds")
		if trigger.Type != "metrics-api" {
			continue
		}
		service := find[*corev1.Service](t, objects, name+"-admin")
		want := "http://" + service.Name + "." + service.Namespace + ".svc:9090/scale?worker=" + name
		if trigger.Metadata["url"] != want {
			t.Errorf("%s asks %s, want %s", name, trigger.Metadata["url"], want)
		}
	}
	if !lag || !age {
		t.Errorf("%s: triggers are to be the lag and the age", name)
	}
}

// A worker's folder is all that is needed to have it provisioned.
func TestAWorkerIsOneFolder(t *testing.T) {
	job := find[*batchv1.Job](t, all["prod and a worker"](t), "wxbus-apply")
	want := []string{"apply", "--worker=greeter=text", "--ordered=greeter"}
	if got := job.Spec.Template.Spec.Containers[0].Args; !slices.Equal(got, want) {
		t.Errorf("the Job runs %v, want %v", got, want)
	}
}
