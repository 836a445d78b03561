package local

import (
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/keybuzzio/marketplaces/domain"
)

// account is the system user that the server runs as.
type account struct {
	name     string
	uid, gid uint32
	dropped  bool // another one than this process's: this process is root
}

// accountFor returns this process's own account unless that is root, which Postgres refuses. The owner of existing data
// comes before the others because Postgres refuses the data of anybody else.
func accountFor(data string) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{name: userName(uint32(uid)), uid: uint32(uid), gid: uint32(os.Getegid())}, nil
	}
	if info, err := os.Stat(data); err == nil {
		if st := info.Sys().(*syscall.Stat_t); st.Uid != 0 {
			return account{name: userName(st.Uid), uid: st.Uid, gid: st.Gid, dropped: true}, nil
		}
	}
	return firstAccount("postgres", "nobody")
}

// firstAccount returns the first of names that this system knows.
func firstAccount(names ...string) (account, error) {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return account{name: name, uid: uint32(uid), gid: uint32(gid), dropped: true}, nil
		}
	}
	return account{}, domain.Errorf(domain.ErrInvalid, "Postgres does not run as root, and there is no other user "+
		"to run it as, such as postgres: start this program as an ordinary user")
}

// own makes path belong to the account.
func (a account) own(path string) error {
	if !a.dropped {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// owns tells whether info is of a file that belongs to the account.
func (a account) owns(info os.FileInfo) bool { return info.Sys().(*syscall.Stat_t).Uid == a.uid }

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
