package sms_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/linxGnu/gosmpp/data"

	"github.com/urna-vote/urna/offchain/gateway/sms"
	"github.com/urna-vote/urna/testnet/inbox"
	"github.com/urna-vote/urna/testnet/smsc"
)

func FuzzSegments(f *testing.F) {
	f.Add("Код 482913", false)
	f.Add(strings.Repeat("€", 200), false)
	f.Add(strings.Repeat("я🗳", 100), false)
	f.Add("plain", true)
	f.Add("\xff", false)
	f.Fuzz(func(t *testing.T, text string, ucs2 bool) {
		coding, parts, err := sms.Segments(text, ucs2)
		if err != nil {
			return
		}
		single, part := 160, 153
		if coding == data.UCS2 {
			single, part = 140, 134
		}
		var whole strings.Builder
		for _, p := range parts {
			if (len(parts) == 1 && len(p) > single) || (len(parts) > 1 && len(p) > part) {
				t.Fatalf("one of %d parts has %d octets", len(parts), len(p))
			}
			// Each part is decoded alone: nothing is torn apart.
			s, err := coding.Decode(p)
			if err != nil {
				t.Fatal(err)
			}
			whole.WriteString(s)
		}
		if whole.String() != text {
			t.Fatalf("%q comes out as %q", text, whole.String())
		}
	})
}

func TestCentreIsReachedOverTLSAndItsCertificateIsChecked(t *testing.T) {
	certificate, roots := certificate(t)
	box := inbox.New()
	s, err := smsc.Start(smsc.Config{
		Address: "127.0.0.1:0", Accounts: map[string]string{"issuer1": "secret"}, Inbox: box, Now: time.Now,
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })

	c := client(t, s.Addr(), func(c *sms.Config) { c.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13} })
	bound(t, c)
	send(t, c, text(phone, "код 111111"))
	received(t, box, phone)

	stranger := client(t, s.Addr(), func(c *sms.Config) { c.TLS = &tls.Config{MinVersion: tls.VersionTLS13} })
	until(t, "the certificate is refused", func() bool {
		err := stranger.Check()
		return err != nil && strings.Contains(err.Error(), "certificate")
	})
	if n := s.Counts().Binds; n != 1 {
		t.Fatalf("%d binds, want that of the client that trusts the certificate", n)
	}
}

// certificate is a new one of 127.0.0.1 with whoever trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
