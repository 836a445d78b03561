package deploy_test

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// stopSeconds is what server and worker need at most to stop.
const stopSeconds = 10

func containers(p pod) []corev1.Container {
	return slices.Concat(p.spec.InitContainers, p.spec.Containers)
}

func set(b *bool, want bool) bool { return b != nil && *b == want }

// lockedDown is the restricted pod security standard and more: a read-only file system, one user, no token of the
// cluster's, bounded memory.
func lockedDown(m manifests) (f findings) {
	for _, p := range m.pods() {
		s := p.spec
		if !set(s.AutomountServiceAccountToken, false) {
			f.add("%s mounts a token of the Kubernetes API", p.name)
		}
		if !set(s.EnableServiceLinks, false) {
			f.add("%s has the names of all services in its environment", p.name)
		}
		if s.HostNetwork || s.HostPID || s.HostIPC {
			f.add("%s shares a namespace of its host", p.name)
		}
		for _, v := range s.Volumes {
			if v.ConfigMap == nil && v.Projected == nil {
				f.add("%s has volume %s, which is neither a ConfigMap nor a token", p.name, v.Name)
			}
		}
		if c := s.SecurityContext; c == nil || !set(c.RunAsNonRoot, true) || c.RunAsUser == nil || *c.RunAsUser != imageUser() ||
			c.SeccompProfile == nil || c.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			f.add("%s: want non-root, the image's user, seccomp RuntimeDefault", p.name)
		}
		for _, c := range containers(p) {
			containerLockedDown(&f, p.name, c)
		}
	}
	return f
}

func containerLockedDown(f *findings, of string, c corev1.Container) {
	s := c.SecurityContext
	if s == nil || !set(s.AllowPrivilegeEscalation, false) || !set(s.ReadOnlyRootFilesystem, true) || s.Capabilities == nil ||
		!slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) {
		f.add("%s: want no privilege escalation, a read-only root, no capabilities", of)
		return
	}
	if s.Privileged != nil || s.RunAsUser != nil || s.RunAsNonRoot != nil || s.SeccompProfile != nil || len(s.Capabilities.Add) > 0 {
		f.add("%s: container %s loosens what its pod says", of, c.Name)
	}
	limit, bounded := c.Resources.Limits[corev1.ResourceMemory]
	_, cpu := c.Resources.Requests[corev1.ResourceCPU]
	if !bounded || !cpu || c.Resources.Requests.Memory().IsZero() {
		f.add("%s: want requests of cpu and memory and a limit of memory", of)
	}
	for _, e := range c.Env {
		if e.Name != "GOMEMLIMIT" {
			continue
		}
		// Go's MiB is Kubernetes' Mi.
		heap, err := resource.ParseQuantity(strings.TrimSuffix(e.Value, "B"))
		if err != nil || heap.Value() > limit.Value()*4/5 {
			f.add("%s: GOMEMLIMIT %s leaves too little of %s for what is not heap", of, e.Value, limit.String())
		}
	}
}

// stopInTime: nobody is killed who would have stopped.
func stopInTime(m manifests) (f findings) {
	for _, p := range m.pods() {
		needed := int64(stopSeconds)
		for _, c := range containers(p) {
			if c.Lifecycle != nil && c.Lifecycle.PreStop != nil && c.Lifecycle.PreStop.Sleep != nil {
				needed += c.Lifecycle.PreStop.Sleep.Seconds
			} else if c.Lifecycle != nil && c.Lifecycle.PreStop != nil {
				f.add("%s: the image has no shell for another hook than sleep", p.name)
			}
		}
		given := int64(30) // what Kubernetes gives when nothing is said
		if p.spec.TerminationGracePeriodSeconds != nil {
			given = *p.spec.TerminationGracePeriodSeconds
		}
		if given <= needed {
			f.add("%s has %d s to stop and needs %d", p.name, given, needed)
		}
	}
	return f
}

// fitImage: the image has the command, and ends for what ends.
func fitImage(m manifests) (f findings) {
	for _, p := range m.pods() {
		for _, c := range containers(p) {
			if len(c.Command) != 1 || !slices.Contains(imageBinaries(), c.Command[0]) {
				f.add("%s runs %q: the image has %q", p.name, c.Command, imageBinaries())
			}
		}
		if ends := slices.Contains([]corev1.RestartPolicy{corev1.RestartPolicyNever, corev1.RestartPolicyOnFailure}, p.spec.RestartPolicy); ends == p.serves {
			f.add("%s restarts %q", p.name, p.spec.RestartPolicy)
		}
	}
	return f
}
