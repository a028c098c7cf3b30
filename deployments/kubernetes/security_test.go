package kubernetes_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// Every pod passes the strictest of Kubernetes' own rules.
func TestPodSecurityRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.MajorMinorVersion(1, 36)}
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			for _, result := range evaluator.EvaluatePod(restricted, &w.meta, &w.spec) {
				if !result.Allowed {
					t.Errorf("%s: %s: %s", w.name, result.ForbiddenReason, result.ForbiddenDetail)
				}
			}
		}
	})
}

// What the rules leave open: numbers of users that no other program has, a disk
// that cannot be written, no token, a memory that is bounded.
func TestPodsAreLockedDown(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			if s := w.spec.SecurityContext; s == nil || s.RunAsUser == nil || *s.RunAsUser < 10000 || s.RunAsGroup == nil || *s.RunAsGroup < 10000 {
				t.Errorf("%s: user and group are to be 10000 or more", w.name)
			}
			if w.spec.AutomountServiceAccountToken == nil || *w.spec.AutomountServiceAccountToken {
				t.Errorf("%s: a token is mounted", w.name)
			}
			if w.spec.EnableServiceLinks == nil || *w.spec.EnableServiceLinks {
				t.Errorf("%s: enableServiceLinks fills the environment", w.name)
			}
			account := find[*corev1.ServiceAccount](t, objects, w.spec.ServiceAccountName)
			if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
				t.Errorf("%s: its ServiceAccount mounts a token", w.name)
			}
			for _, c := range w.spec.Containers {
				if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
					t.Errorf("%s: the root file system can be written", w.name)
				}
				if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() {
					t.Errorf("%s: requests and the limit of memory are missing", w.name)
				}
			}
		}
	})
}

// AppSecrets go to the sender alone, Tokens and keys to the ingress alone. The
// simulator stands for WeChat and knows both.
func TestSecretsGoWhereTheyAreNeeded(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			for _, c := range w.spec.Containers {
				for _, from := range c.EnvFrom {
					if from.SecretRef == nil || w.name == "simulator" {
						continue
					}
					_, suffix, _ := strings.Cut(strings.TrimPrefix(from.SecretRef.Name, "wechat-"), "-")
					suffix, _, _ = strings.Cut(suffix, "-") // a hash follows
					if want := map[string]string{"ingress": "push", "sender": "send"}[w.name]; suffix != want {
						t.Errorf("%s is given %s", w.name, from.SecretRef.Name)
					}
					if from.Prefix != "WECHAT_MAIN_" {
						t.Errorf("%s: prefix %q", w.name, from.Prefix)
					}
				}
			}
		}
	})
}

// reaches reports whether policies let a pod of one workload call another's port.
func reaches(policies []*networkingv1.NetworkPolicy, from, to workload, port int32) bool {
	return allows(policies, from, networkingv1.PolicyTypeEgress, to, port) && allows(policies, to, networkingv1.PolicyTypeIngress, from, port)
}

func allows(policies []*networkingv1.NetworkPolicy, subject workload, direction networkingv1.PolicyType, peer workload, port int32) bool {
	for _, p := range policies {
		if !selects(&p.Spec.PodSelector, subject.meta.Labels) {
			continue
		}
		if direction == networkingv1.PolicyTypeEgress {
			for _, rule := range p.Spec.Egress {
				if onPort(rule.Ports, port) && onPeer(rule.To, peer) {
					return true
				}
			}
			continue
		}
		for _, rule := range p.Spec.Ingress {
			if onPort(rule.Ports, port) && onPeer(rule.From, peer) {
				return true
			}
		}
	}
	return false
}

func selects(selector *metav1.LabelSelector, of map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(of))
}

func onPort(ports []networkingv1.NetworkPolicyPort, port int32) bool {
	for _, p := range ports {
		if p.Port != nil && p.Port.IntVal == port {
			return true
		}
	}
	return false
}

// onPeer looks at pods of the own namespace.
func onPeer(peers []networkingv1.NetworkPolicyPeer, w workload) bool {
	for _, p := range peers {
		if p.PodSelector != nil && p.NamespaceSelector == nil && selects(p.PodSelector, w.meta.Labels) {
			return true
		}
	}
	return false
}

// Every program reaches NATS, and no program another one. Whether a cluster
// holds to its policies is the cluster's doing.
func TestNetworkPoliciesLetThroughWhatIsNeeded(t *testing.T) {
	objects := all["prod and a worker"](t)
	var policies []*networkingv1.NetworkPolicy
	for _, o := range objects {
		if p, ok := o.Object.(*networkingv1.NetworkPolicy); ok {
			policies = append(policies, p)
		}
	}
	nats := workload{name: "nats", meta: metav1.ObjectMeta{Labels: map[string]string{
		"app.kubernetes.io/name": "nats", "app.kubernetes.io/component": "nats", "app.kubernetes.io/instance": "nats", // as the chart has them
	}}}
	if !reaches(policies, nats, nats, 6222) {
		t.Error("NATS servers do not reach each other")
	}
	programs := workloads(objects)
	for _, w := range programs {
		if !reaches(policies, w, nats, 4222) {
			t.Errorf("%s does not reach NATS", w.name)
		}
		if reaches(policies, w, nats, 8222) || reaches(policies, w, nats, 6222) {
			t.Errorf("%s reaches more of NATS than clients need", w.name)
		}
		for _, other := range programs {
			for _, port := range []int32{8080, 9090} {
				if reaches(policies, w, other, port) {
					t.Errorf("%s reaches %s on %d", w.name, other.name, port)
				}
			}
		}
	}
	outside := 0
	for _, p := range policies {
		for _, rule := range p.Spec.Egress {
			for _, to := range rule.To {
				if to.IPBlock != nil {
					outside++
					if selects(&p.Spec.PodSelector, map[string]string{"app.kubernetes.io/name": "ingress", "app.kubernetes.io/part-of": "wxbus"}) {
						t.Errorf("policy %s lets more than the sender out", p.Name)
					}
				}
			}
		}
	}
	if outside != 1 {
		t.Errorf("%d ways out, want the sender's alone", outside)
	}
}

// A namespace for pods says so itself.
func TestNamespacesEnforceRestricted(t *testing.T) {
	for overlay, name := range map[string]string{"dev": "wxbus-dev", "prod": "wxbus"} {
		objects := all[overlay](t)
		namespace := find[*corev1.Namespace](t, objects, name)
		if namespace.Labels["pod-security.kubernetes.io/enforce"] != "restricted" || namespace.Labels["pod-security.kubernetes.io/enforce-version"] == "" {
			t.Errorf("%s: labels %v", overlay, namespace.Labels)
		}
		for _, o := range objects {
			if _, ok := o.Object.(*appsv1.Deployment); ok && o.meta().GetNamespace() != name {
				t.Errorf("%s is in namespace %q", o.name, o.meta().GetNamespace())
			}
		}
	}
}
