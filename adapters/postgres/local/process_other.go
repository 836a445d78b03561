//go:build !linux

package local

import "syscall"

// endWithParent does nothing here: a server whose owner was killed runs on until the next Start on its folder, which
// stops it before it starts its own.
func endWithParent(*syscall.SysProcAttr) {}
