#!/usr/bin/env python3
"""Makes the archives beside this file, each with a real packer, in the forms that users were refused with.

Needs Info-ZIP's zip, a JDK's jar, libarchive's bsdtar and Go. The archives are committed: tests read them as they are.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import warnings
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
EPOCH = (1980, 1, 1, 0, 0, 0)

GO = """
package main

import ("archive/zip"; "os")

func main() {
	out, _ := os.Create(os.Args[1])
	archive := zip.NewWriter(out)
	entry, _ := archive.Create("bootstrap")
	entry.Write([]byte("#!/bin/sh\\n"))
	archive.Create("lib/")
	header := &zip.FileHeader{Name: "lib/config", Method: zip.Deflate}
	header.SetMode(0o644)
	entry, _ = archive.CreateHeader(header)
	entry.Write([]byte("key=value\\n"))
	link := &zip.FileHeader{Name: "lib/current"}
	link.SetMode(os.ModeSymlink | 0o777)
	entry, _ = archive.CreateHeader(link)
	entry.Write([]byte("/opt/lib/v2"))
	archive.Close()
	out.Close()
}
"""


def python():
    """zipfile: zip64 extras for tiny entries, the modes of writestr, and names that are there twice."""
    with zipfile.ZipFile(HERE / "python.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(zipfile.ZipInfo("streamed.py", EPOCH), "w", force_zip64=True) as entry:
            entry.write(b"x = 1\n")
        archive.writestr(zipfile.ZipInfo("app.py", EPOCH), "old = 1\n")
        archive.writestr(zipfile.ZipInfo("lib/", EPOCH), "")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr(zipfile.ZipInfo("app.py", EPOCH), "new = 2\n")
            archive.writestr(zipfile.ZipInfo("lib/", EPOCH), "")
    # To what cannot seek, sizes follow the data, in eight bytes each where zip64 is forced.
    with open(HERE / "python-stream.zip", "wb") as out:
        out = Unseekable(out)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(zipfile.ZipInfo("streamed.py", EPOCH), "w", force_zip64=True) as entry:
                entry.write(b"x = 1\n" * 20)
            with archive.open(zipfile.ZipInfo("plain.py", EPOCH), "w") as entry:
                entry.write(b"y = 1\n")


def function():
    """A function that looks at what became of all of these at once, for the tests on a cluster."""
    handler = """
import os
import streamed

def handler(event, context):
    links = {name: os.readlink("/var/task/" + name) for name in ["modules", "dangling"]}
    with open("/var/task/private") as private:
        return {"streamed": streamed.x, "links": links, "private": private.read(), "names": sorted(os.listdir("/var/task"))}
"""
    with zipfile.ZipFile(HERE / "function.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        def add(name, content, mode, **options):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = mode << 16
            with archive.open(info, "w", **options) as entry:
                entry.write(content.encode())

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            add("app.py", "raise Exception('the earlier entry')", 0o100644)
            add("app.py", handler, 0o177777)
        add("streamed.py", "x = 1\n", 0o100644, force_zip64=True)
        add("modules", "/opt/python", 0o120777)
        add("dangling", "../nowhere", 0o120777)
        add("private", "read by its owner", 0o100600)
        add("lib\\helper.txt", "", 0o100644)


class Unseekable:
    def __init__(self, out):
        self.out = out

    def write(self, data):
        return self.out.write(data)

    def flush(self):
        self.out.flush()


def jar_with_all_ones():
    """What some plugins for jars write: every bit of the mode set, for files and directories alike."""
    with zipfile.ZipFile(HERE / "all-ones.jar", "w") as archive:
        for name, content in [("META-INF/", ""), ("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n"), ("a/B.class", "\xca\xfe")]:
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = 0o177777 << 16
            archive.writestr(info, content)


def powershell():
    """Compress-Archive before PowerShell 5.1.17763: backslashes, made by MS-DOS's system, without modes."""
    with zipfile.ZipFile(HERE / "powershell.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ["index.js", "lib/helper.js"]:
            info = zipfile.ZipInfo(name, EPOCH)
            info.filename = name.replace("/", "\\")
            info.create_system = 0
            info.external_attr = 0x20
            archive.writestr(info, "exports.x = 1\n")


def macos():
    """Archive Utility: sizes after the data, and AppleDouble files below __MACOSX, in libarchive's own stream form."""
    with tempfile.TemporaryDirectory() as dir:
        root = pathlib.Path(dir)
        for path in ["app/index.js", "__MACOSX/app/._index.js"]:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("exports.x = 1\n")
        subprocess.run(["bsdtar", "--format=zip", "-cf", HERE / "macos.zip", "app", "__MACOSX"], cwd=root, check=True)


def infozip():
    """zip -y: links as links, absolute, dangling and out of the tree."""
    with tempfile.TemporaryDirectory() as dir:
        root = pathlib.Path(dir)
        (root / "bin").mkdir()
        (root / "bin/tool").write_text("#!/bin/sh\n")
        (root / "bin/tool").chmod(0o755)
        os.symlink("/opt/nodejs/node_modules", root / "node_modules")
        os.symlink("../../outside", root / "bin/outside")
        os.symlink("nowhere", root / "dangling")
        os.symlink("round", root / "round")
        (HERE / "infozip.zip").unlink(missing_ok=True)
        subprocess.run(["zip", "-q", "-y", "-r", HERE / "infozip.zip", "."], cwd=root, check=True)


def java():
    """jar, and java.util.zip's entries of unknown size."""
    with tempfile.TemporaryDirectory() as dir:
        root = pathlib.Path(dir)
        (root / "com/example").mkdir(parents=True)
        (root / "com/example/Handler.class").write_bytes(b"\xca\xfe\xba\xbe")
        subprocess.run(["jar", "cf", HERE / "java.jar", "-C", root, "com"], check=True)


def go():
    """archive/zip: sizes after the data."""
    with tempfile.TemporaryDirectory() as dir:
        (pathlib.Path(dir) / "main.go").write_text(GO)
        env = dict(os.environ, HOME=dir, GOCACHE=dir + "/cache", GO111MODULE="off")
        tool = shutil.which("go") or "/usr/lib/go-1.19/bin/go"
        subprocess.run([tool, "run", dir + "/main.go", HERE / "go.zip"], env=env, check=True)


for make in [python, function, jar_with_all_ones, powershell, macos, infozip, java, go]:
    make()
