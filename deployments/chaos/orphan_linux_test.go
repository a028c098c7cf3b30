package chaos

import (
	"os/exec"
	"syscall"
)

// dieWithTest has a process end with the test, however that ends.
func dieWithTest(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
