package deploy_test

import (
	"net/netip"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What a pod of a component must reach, by port.
var outgoing = map[string][]int32{
	"migrate": {53, 5432},
	"server":  {53, 5432, 8200, 993, 143, 465, 587},
	"worker":  {53, 5432, 8200, 993, 143, 465, 587},
}

// closed are addresses that a tenant's host name may not lead to: the cloud's metadata, private and shared networks.
var closed = []string{"169.254.169.254", "10.1.2.3", "172.20.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "fd00::1", "fe80::1", "::1"}

// networkIsClosed: everything is denied, and each pod may do what it needs and no more.
func networkIsClosed(m manifests) (f findings) {
	policies := every[*networkingv1.NetworkPolicy](m)
	if !slices.ContainsFunc(policies, deniesAll) {
		f.add("nothing denies by default")
	}
	for _, p := range policies {
		if !deniesAll(p) {
			policyIsNarrow(&f, m, p)
		}
	}
	for _, p := range m.pods() {
		component := p.labels["app.kubernetes.io/component"]
		var out, in []int32
		for _, policy := range policies {
			if !selects(policy, p) {
				continue
			}
			for _, rule := range policy.Spec.Egress {
				out = append(out, numbers(p, rule.Ports)...)
			}
			for _, rule := range policy.Spec.Ingress {
				in = append(in, numbers(p, rule.Ports)...)
			}
		}
		for _, port := range outgoing[component] {
			if !slices.Contains(out, port) {
				f.add("%s cannot reach port %d", p.name, port)
			}
		}
		for _, port := range out {
			// 443: the keys of the identity provider, the object store, Amazon's API
			if !slices.Contains(outgoing[component], port) && !(component != "migrate" && port == 443) {
				f.add("%s reaches port %d, which it does not need", p.name, port)
			}
		}
		for _, c := range containers(p) {
			for _, port := range c.Ports {
				if !slices.Contains(in, port.ContainerPort) {
					f.add("%s: nobody reaches port %s", p.name, port.Name)
				}
			}
		}
	}
	return f
}

func deniesAll(p *networkingv1.NetworkPolicy) bool {
	everything := len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions) == 0
	return everything && len(p.Spec.PolicyTypes) == 2 && len(p.Spec.Ingress)+len(p.Spec.Egress) == 0
}

func selects(policy *networkingv1.NetworkPolicy, p pod) bool {
	selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
	return err == nil && selector.Matches(p.labels)
}

// policyIsNarrow: it is for pods that there are, and says from where, to where and to which ports.
func policyIsNarrow(f *findings, m manifests, p *networkingv1.NetworkPolicy) {
	pods := m.selected(&p.Spec.PodSelector)
	if len(pods) == 0 {
		f.add("NetworkPolicy %s is for no pod", p.Name)
	}
	check := func(direction networkingv1.PolicyType, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
		if !slices.Contains(p.Spec.PolicyTypes, direction) {
			f.add("NetworkPolicy %s has rules that its types leave out", p.Name)
		}
		if len(peers) == 0 || len(ports) == 0 {
			f.add("NetworkPolicy %s opens all ports or all peers", p.Name)
		}
		for _, pod := range pods {
			if len(numbers(pod, ports)) != len(ports) {
				f.add("NetworkPolicy %s names a port that %s does not have", p.Name, pod.name)
			}
		}
		for _, peer := range peers {
			switch {
			case peer.IPBlock != nil:
				blockIsClosed(f, p.Name, peer.IPBlock)
			case peer.NamespaceSelector == nil || len(peer.NamespaceSelector.MatchLabels) == 0:
				f.add("NetworkPolicy %s opens every namespace", p.Name)
			}
		}
	}
	for _, rule := range p.Spec.Ingress {
		check(networkingv1.PolicyTypeIngress, rule.From, rule.Ports)
	}
	for _, rule := range p.Spec.Egress {
		check(networkingv1.PolicyTypeEgress, rule.To, rule.Ports)
	}
}

// blockIsClosed: a block for the internet leads to nothing inside. A narrow one, such as that of Postgres, may.
func blockIsClosed(f *findings, policy string, block *networkingv1.IPBlock) {
	cidr, err := netip.ParsePrefix(block.CIDR)
	if err != nil {
		f.add("NetworkPolicy %s: %v", policy, err)
	}
	if cidr.Bits() >= 16 {
		return
	}
	for _, text := range closed {
		address := netip.MustParseAddr(text)
		excepted := slices.ContainsFunc(block.Except, func(e string) bool {
			p, err := netip.ParsePrefix(e)
			return err == nil && p.Contains(address)
		})
		if cidr.Contains(address) && !excepted {
			f.add("NetworkPolicy %s lets tenants' host names reach %s", policy, text)
		}
	}
}

// numbers are the ports of a rule; a name that the pod does not know has none.
func numbers(p pod, ports []networkingv1.NetworkPolicyPort) (n []int32) {
	for _, port := range ports {
		switch {
		case port.Port == nil:
		case port.Port.Type == intstr.Int:
			n = append(n, port.Port.IntVal)
		case p.port(*port.Port) != 0:
			n = append(n, p.port(*port.Port))
		}
	}
	return n
}
