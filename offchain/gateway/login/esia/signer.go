package esia

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/smallstep/pkcs7"
)

// Signer signs requests with the key of the certificate that is registered at the
// portal. One over a certified module signs by ГОСТ Р 34.10-2012.
type Signer interface {
	// Sign gives the signature in the form that the edition takes: bare, or as a
	// detached PKCS#7.
	Sign(message []byte) ([]byte, error)
	// CertificateHash as the portal computes it over the certificate's DER, in hex;
	// it selects among the system's certificates.
	CertificateHash() string
}

// Form of a signature.
type Form int

const (
	// Bare is the signature alone; the second edition takes it.
	Bare Form = iota
	// Detached is a PKCS#7 with the certificate and without the message; the first
	// edition takes it.
	Detached
)

// FormOf an edition.
func FormOf(e Edition) Form {
	if e == First {
		return Detached
	}
	return Bare
}

// rsaSigner signs with RSA and SHA-256 (PKCS #1 v1.5).
type rsaSigner struct {
	form        Form
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

// NewRSASigner reads certificate and private key from PEM.
func NewRSASigner(form Form, certificate, key []byte) (Signer, error) {
	c, err := readCertificate(certificate)
	if err != nil {
		return nil, fmt.Errorf("read the system's certificate: %w", err)
	}
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, errors.New("read the system's key: no PEM in it")
	}
	var parsed any
	if parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	k, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("read the system's key: it is no RSA key in PKCS #8 or PKCS #1; keys of ГОСТ need a signer of their own")
	}
	if !k.PublicKey.Equal(c.PublicKey) {
		return nil, errors.New("read the system's key: it is not the certificate's")
	}
	return &rsaSigner{form: form, key: k, certificate: c}, nil
}

// Format prints a redaction for every verb.
func (s *rsaSigner) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[signer of portal requests]")
}

func (s *rsaSigner) Sign(message []byte) ([]byte, error) {
	if s.form == Bare {
		digest := sha256.Sum256(message)
		return rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	}
	signed, err := pkcs7.NewSignedData(message)
	if err != nil {
		return nil, fmt.Errorf("make PKCS#7: %w", err)
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := signed.AddSigner(s.certificate, s.key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, fmt.Errorf("make PKCS#7: %w", err)
	}
	signed.Detach()
	der, err := signed.Finish()
	if err != nil {
		return nil, fmt.Errorf("make PKCS#7: %w", err)
	}
	return der, nil
}

// CertificateHash of an RSA certificate is its SHA-256.
func (s *rsaSigner) CertificateHash() string { return CertificateHash(s.certificate) }

// CertificateHash is the fingerprint by which the portal knows an RSA certificate.
func CertificateHash(c *x509.Certificate) string {
	return strings.ToUpper(fmt.Sprintf("%x", sha256.Sum256(c.Raw)))
}

// Verifier checks the portal's signature of an ID token.
type Verifier interface {
	// Verify a signature by the algorithm that the token's header names; an
	// algorithm that the verifier does not expect is refused.
	Verify(algorithm string, signed, signature []byte) error
}

// rsaVerifier takes RS256 by one of the portal's keys: the portal announces a new
// certificate before it changes to it.
type rsaVerifier []*rsa.PublicKey

// NewRSAVerifier reads the portal's certificates from PEM.
func NewRSAVerifier(certificates []byte) (Verifier, error) {
	var v rsaVerifier
	for rest := certificates; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read the portal's certificate: %w", err)
		}
		key, ok := c.PublicKey.(*rsa.PublicKey)
		if !ok {
			return nil, errors.New("read the portal's certificate: it holds no RSA key; certificates of ГОСТ need a verifier of their own")
		}
		v = append(v, key)
	}
	if len(v) == 0 {
		return nil, errors.New("read the portal's certificate: no PEM in it")
	}
	return v, nil
}

func (v rsaVerifier) Verify(algorithm string, signed, signature []byte) error {
	if algorithm != "RS256" {
		return errors.New("the portal's certificates are for RS256")
	}
	digest := sha256.Sum256(signed)
	for _, key := range v {
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil {
			return nil
		}
	}
	return errors.New("no certificate of the portal fits")
}

func readCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM in it")
	}
	return x509.ParseCertificate(block.Bytes)
}
