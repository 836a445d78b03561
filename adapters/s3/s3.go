// Package s3 keeps sealed raws in S3-compatible storage. Start at [New].
package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options say where the bucket is. All but Region, Prefix and Timeout are required.
type Options struct {
	Endpoint        string // https://s3.eu-west-3.amazonaws.com, or http:// for storage of one's own
	Region          string // "" lets the storage say
	Bucket          string // which must exist
	Prefix          string // before each name; "" for none
	AccessKeyID     string
	SecretAccessKey domain.Secret
	Timeout         time.Duration // of each request; 60 s if 0
}

// maxObject is the largest object that is read, in bytes: far beyond what is put.
const maxObject = 128 << 20

// Store is a ports.ObjectStore in a bucket. It addresses the bucket by path, which every S3-compatible storage knows, and
// sends sums with what it stores, so that what arrives damaged is refused.
type Store struct {
	client  *minio.Client
	bucket  string
	prefix  string
	timeout time.Duration
}

var _ ports.ObjectStore = (*Store)(nil)

// New returns the bucket's store. It calls nobody: what is wrong with address, bucket or credentials shows when they are
// used. What cannot work at all is domain.ErrInvalid.
func New(o Options) (*Store, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || path.Clean("/"+u.Path) != "/" {
		return nil, domain.Errorf(domain.ErrInvalid, "give an endpoint such as https://s3.example.com")
	}
	if o.Bucket == "" || o.AccessKeyID == "" || o.SecretAccessKey.IsZero() {
		return nil, domain.Errorf(domain.ErrInvalid, "give a bucket, an access key id and a secret access key")
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(o.AccessKeyID, o.SecretAccessKey.Reveal(), ""),
		Secure: u.Scheme == "https", Region: o.Region, BucketLookup: minio.BucketLookupPath,
		MaxRetries: 1, // the caller decides about retries
	})
	if err != nil {
		return nil, domain.Wrap(domain.ErrInvalid, err, "s3: the settings of the client are wrong")
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	return &Store{client, o.Bucket, o.Prefix, o.Timeout}, nil
}

// Put implements ports.ObjectStore.
func (s *Store) Put(ctx context.Context, name string, content []byte) error {
	return s.do(ctx, func(ctx context.Context) error {
		_, err := s.client.PutObject(ctx, s.bucket, s.object(name), bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{
			ContentType: "application/octet-stream", DisableMultipart: true, SendContentMd5: true,
		})
		return err
	})
}

// Get implements ports.ObjectStore.
func (s *Store) Get(ctx context.Context, name string) (content []byte, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		// The library's other way asks for the object's state first, to which storage answers without saying what is missing.
		object, about, _, err := minio.Core{Client: s.client}.GetObject(ctx, s.bucket, s.object(name), minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		defer func() { _ = object.Close() }()
		if about.Size < 0 || about.Size > maxObject {
			return errors.New("the object's size cannot be")
		}
		content = make([]byte, about.Size)
		_, err = io.ReadFull(object, content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return content, nil
}

// Delete implements ports.ObjectStore.
func (s *Store) Delete(ctx context.Context, name string) error {
	err := s.do(ctx, func(ctx context.Context) error {
		return s.client.RemoveObject(ctx, s.bucket, s.object(name), minio.RemoveObjectOptions{})
	})
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	return err
}

func (s *Store) object(name string) string { return path.Join(s.prefix, name) }

// do makes a call within the time of one and gives its error a kind.
func (s *Store) do(ctx context.Context, call func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := call(limited)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err() // the caller's; the time of one call being up is not
	}
	// Of the storage's answer only status and code are kept: its text may repeat what we sent.
	answer := minio.ToErrorResponse(err)
	cause := errors.New("s3 answered " + http.StatusText(answer.StatusCode) + " " + answer.Code)
	switch {
	case answer.Code == minio.NoSuchKey:
		return domain.Errorf(domain.ErrNotFound, "there is no such object")
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return domain.Wrap(domain.ErrRejected, cause, "the object store does not let us in")
	case answer.Code == minio.NoSuchBucket:
		return domain.Wrap(domain.ErrRejected, cause, "the object store has no such bucket")
	case answer.StatusCode == 0:
		return domain.Wrap(domain.ErrUnavailable, err, "the object store cannot be reached")
	}
	return domain.Wrap(domain.ErrUnavailable, cause, "the object store does not work now")
}
