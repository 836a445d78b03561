package mailtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"text/template"
	"time"
)

// dovecotConfig is what the template needs.
type dovecotConfig struct {
	Dir, Owner, Group, UID, GID, Password string
	Port, TLSPort                         int
}

var dovecotTemplate = template.Must(template.New("dovecot.conf").Parse(`
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/run
log_path = {{.Dir}}/log
listen = 127.0.0.1
protocols = imap
default_internal_user = {{.Owner}}
default_internal_group = {{.Group}}
default_login_user = {{.Owner}}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{{.Dir}}/cert.pem
ssl_key = <{{.Dir}}/key.pem
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
mail_fsync = never
auth_failure_delay = 0
mail_fsync = never
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password={{.Password}}
}
userdb {
  driver = static
  args = uid={{.UID}} gid={{.GID}} home={{.Dir}}/mail
}
service imap-login {
  chroot =
  process_min_avail = 1
  inet_listener imap {
    port = {{.Port}}
  }
  inet_listener imaps {
    port = {{.TLSPort}}
    ssl = yes
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
`))

func (c dovecotConfig) path(name string) string { return filepath.Join(c.Dir, name) }

// write puts all that Dovecot needs in its folder, and returns who vouches for its certificate.
func (c *dovecotConfig) write() (*x509.CertPool, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	roots, err := c.writeCertificate()
	if err != nil {
		return nil, err
	}
	var conf bytes.Buffer
	if err := dovecotTemplate.Execute(&conf, c); err != nil {
		return nil, err
	}
	return roots, os.WriteFile(c.path("dovecot.conf"), conf.Bytes(), 0o644)
}

// prepare chooses whom Dovecot runs as, the user of the test or nobody, since mail is never root's, and makes its
// folders.
func (c *dovecotConfig) prepare() error {
	owner, err := osuser.Current()
	if err != nil {
		return err
	}
	if owner.Uid == "0" {
		if owner, err = osuser.Lookup("nobody"); err != nil {
			return err
		}
	}
	group, err := osuser.LookupGroupId(owner.Gid)
	if err != nil {
		return err
	}
	c.Owner, c.Group, c.UID, c.GID = owner.Username, group.Name, owner.Uid, owner.Gid
	if err := os.Chmod(c.Dir, 0o755); err != nil {
		return err
	}
	mail := filepath.Join(c.Dir, "mail")
	if err := os.Mkdir(mail, 0o755); err != nil || os.Getuid() != 0 {
		return err
	}
	uid, err := strconv.Atoi(c.UID)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(c.GID)
	if err != nil {
		return err
	}
	return os.Chown(mail, uid, gid)
}

// writeCertificate makes a key and a certificate for this machine that vouches for itself.
func (c *dovecotConfig) writeCertificate() (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Dovecot of a test"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	if err := os.WriteFile(c.path("cert.pem"), certificate, 0o644); err != nil {
		return nil, err
	}
	return roots, os.WriteFile(c.path("key.pem"), private, 0o600)
}
