// Command oci puts the static binary of a program into an image, one for each
// platform, and writes them as an archive in OCI's layout: `docker load`,
// `ctr images import`, `skopeo copy oci-archive:…` and `crane push` take it. It
// needs no container engine. The image holds what deployments/docker/Dockerfile
// puts into one.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// pairs is a flag key=value that may stand several times.
type pairs map[string]string

func (p pairs) String() string { return "" }

// Set implements flag.Value.
func (p pairs) Set(text string) error {
	key, value, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("%q is not key=value", text)
	}
	p[key] = value
	return nil
}

// nobody is the user and the group of every image: Kubernetes cannot tell from a
// name that it is not root.
const nobody = "10001:10001"

func main() {
	labels, binaries := pairs{}, pairs{}
	name := flag.String("name", "", "name and tag of the image, such as ghcr.io/wxbus/ingress:v1.0.0")
	out := flag.String("out", "", "archive to write")
	created := flag.Int64("created", 0, "Unix time that stands in the image, so that the same commit makes the same image")
	flag.Var(labels, "label", "label of the image, key=value; may be repeated")
	flag.Var(binaries, "binary", "platform and the binary for it, such as linux/amd64=bin/ingress; may be repeated")
	flag.Parse()
	if err := write(*out, *name, time.Unix(*created, 0).UTC(), labels, binaries); err != nil {
		fmt.Fprintln(os.Stderr, "oci:", err)
		os.Exit(1)
	}
}

func write(out, name string, created time.Time, labels, binaries pairs) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for name, binary := range binaries {
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return err
		}
		image, err := build(binary, *platform, created, labels)
		if err != nil {
			return fmt.Errorf("%s: %w", binary, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	return archive(out, name, index)
}

// build returns the image of one binary.
func build(binary string, platform v1.Platform, created time.Time, labels pairs) (v1.Image, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	authorities, err := authorities()
	if err != nil {
		return nil, err
	}
	base, err := layer(created, file{"etc/ssl/certs/ca-certificates.crt", 0o644, authorities})
	if err != nil {
		return nil, err
	}
	top, err := layer(created, file{"program", 0o755, program})
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.AppendLayers(image, base, top); err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, configFile(image, platform, created, labels))
}

func configFile(image v1.Image, platform v1.Platform, created time.Time, labels pairs) *v1.ConfigFile {
	config, err := image.ConfigFile()
	if err != nil {
		panic(err) // it was made here, in memory
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = platform.OS, platform.Architecture, platform.Variant
	config.Created = v1.Time{Time: created}
	config.Config = v1.Config{User: nobody, Entrypoint: []string{"/program"}, Labels: labels}
	return config
}

// authorities are the certificates that browsers trust, of a fixed version.
func authorities() ([]byte, error) {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if _, err := x509.ParseCertificate(root.Certificate); err != nil {
			return nil, err
		}
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

type file struct {
	name string
	mode int64
	data []byte
}

// layer returns a layer that holds a file and the folders above it.
func layer(created time.Time, f file) (v1.Layer, error) {
	var text bytes.Buffer
	archive := tar.NewWriter(&text)
	folder := ""
	for part := range strings.SplitSeq(path.Dir(f.name), "/") {
		if folder = path.Join(folder, part); folder == "." {
			break
		}
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755, ModTime: created}); err != nil {
			return nil, err
		}
	}
	err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: created})
	if err == nil {
		_, err = archive.Write(f.data)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
}
