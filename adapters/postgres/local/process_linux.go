package local

import "syscall"

// endWithParent has the kernel stop the child when this process ends, however it ends. Go asks for it after it has
// changed the child's user, which would undo it.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = fastShutdown }
