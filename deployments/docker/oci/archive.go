package main

import (
	"archive/tar"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// archive writes an index under a name, in OCI's layout, as one file.
func archive(out, name string, index v1.ImageIndex) error {
	folder, err := os.MkdirTemp("", "oci-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	written, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	// Each tool looks for the name under a key of its own.
	names := layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name,
	})
	if err := written.AppendIndex(index, names); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
		return err
	}
	target, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := pack(target, os.DirFS(folder)); err != nil {
		_ = target.Close()
		return err
	}
	return target.Close()
}

// pack writes what a folder holds into an archive, the same bytes every time.
func pack(out io.Writer, folder fs.FS) error {
	archive := tar.NewWriter(out)
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if entry.IsDir() {
			return archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
		}
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = archive.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	return archive.Close()
}
