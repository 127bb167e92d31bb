//! `cargo xtask image`: the fakecloud image as an OCI archive, built without Docker.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::oci::{Config, Image, Layer, sha256};
use crate::program::{self, Profile};
use crate::{images, paths, shell};

/// The image in `deploy/deployment.yaml`.
pub(crate) const NAME: &str = "docker.io/library/fakecloud:dev";

const PROGRAM: &str = "usr/local/bin/fakecloud";
const PASSWD: &str = include_str!("../assets/image/passwd");
const GROUP: &str = include_str!("../assets/image/group");

const CONTENT: &str = "\
The image holds the program, the shared libraries it is linked to, CA certificates, and no shell; it runs as user \
65532. It is made of this machine's own files and needs no Docker. With Docker, the Dockerfile does the same.";

#[derive(clap::Args)]
#[command(after_help = CONTENT)]
pub(crate) struct Args {}

pub(crate) fn run(args: Args) -> Result<()> {
    let Args {} = args;
    let built = build(Profile::Dist)?;
    shell::step(&format!("the image {NAME} is in {}", built.archive.display()));
    Ok(())
}

/// A built image.
pub(crate) struct Built {
    /// The OCI archive.
    pub(crate) archive: PathBuf,
    /// The image's other name beside [`NAME`], which no other image has: its tag comes from the content.
    pub(crate) unique_name: String,
}

/// Compiles fakecloud and packs it.
///
/// # Errors
/// What does not compile, cannot be downloaded (CA certificates), or is missing on this machine.
pub(crate) fn build(profile: Profile) -> Result<Built> {
    let program = program::build(profile)?;
    let target = paths::target()?;
    let scratch = tempfile::tempdir_in(&target)?;
    let (system, binary) = (scratch.path().join("system"), scratch.path().join("binary"));
    gather_system(&program, &system)
        .context("cannot gather the files around fakecloud (where this is no Debian, use the Dockerfile)")?;
    copy(&program, &binary.join(PROGRAM))?;
    let system = Layer::pack(&system, scratch.path().join("system.layer"))?;
    let binary = Layer::pack(&binary, scratch.path().join("binary.layer"))?;

    let unique_name = unique_name(&[&system, &binary])?;
    let archive = target.join("fakecloud-image.tar");
    Image { names: &[NAME, &unique_name], config: &config(), layers: &[&system, &binary] }.write(&archive)?;
    let size_mib = fs::metadata(&archive)?.len() as f64 / f64::from(1 << 20);
    shell::step(&format!("packed {NAME}: {size_mib:.1} MiB"));
    Ok(Built { archive, unique_name })
}

/// Everything but the program itself: this part changes seldom.
fn gather_system(program: &Path, dir: &Path) -> Result<()> {
    let linked = shell::output(Command::new("ldd").arg(program))?;
    for library in shared_libraries(&linked)? {
        copy(&library, &dir.join(library.strip_prefix("/").expect("shared_libraries gives absolute paths")))?;
    }
    images::ca_certificates(&dir.join("etc/ssl/certs/ca-certificates.crt"))?;
    fs::write(dir.join("etc/passwd"), PASSWD)?;
    fs::write(dir.join("etc/group"), GROUP)?;
    fs::write(dir.join("etc/nsswitch.conf"), "hosts: files dns\n")?;
    let tmp = dir.join("tmp");
    fs::create_dir(&tmp)?;
    Ok(fs::set_permissions(tmp, fs::Permissions::from_mode(0o1777))?)
}

/// The files that `ldd` says a program needs; the kernel's own `linux-vdso` is none.
fn shared_libraries(ldd: &str) -> Result<Vec<PathBuf>> {
    let mut libraries = Vec::new();
    for line in ldd.lines().map(str::trim) {
        if line.ends_with("not found") {
            bail!("fakecloud needs a shared library that this machine lacks: {line}");
        }
        let file = line.split_once("=> ").map_or(line, |(_, file)| file);
        let file = file.split(" (").next().unwrap_or(file);
        if file.starts_with('/') {
            libraries.push(PathBuf::from(file));
        }
    }
    Ok(libraries)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a file lies in a directory")?)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn unique_name(layers: &[&Layer]) -> Result<String> {
    let digests: Vec<_> = layers.iter().map(|layer| layer.digest()).collect();
    let mut tag = sha256(digests.join(" ").as_bytes())?;
    tag.truncate(12);
    Ok(NAME.replace(":dev", &format!(":{tag}")))
}

fn config() -> Config {
    Config {
        user: "65532:65532".to_owned(),
        env: vec!["PATH=/usr/local/bin".to_owned()],
        entrypoint: vec![format!("/{PROGRAM}")],
        working_dir: "/".to_owned(),
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_libraries_are_the_files_that_ldd_found() {
        let ldd = "\tlinux-vdso.so.1 (0x00007ffe)\n\
                   \tlibgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007f01)\n\
                   \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f02)\n\
                   \t/lib64/ld-linux-x86-64.so.2 (0x00007f03)";
        let expected =
            ["/lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"];
        assert_eq!(shared_libraries(ldd).unwrap(), expected.map(PathBuf::from));
    }

    #[test]
    fn static_program_needs_no_shared_libraries() {
        assert_eq!(shared_libraries("\tstatically linked").unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn missing_shared_library_is_named() {
        let error = shared_libraries("\tlibfoo.so.1 => not found").unwrap_err().to_string();
        assert!(error.contains("libfoo.so.1 => not found"), "{error}");
    }

    #[test]
    fn deployment_runs_the_image_built_here() {
        let deployment = include_str!("../../deploy/deployment.yaml");
        assert!(deployment.contains(&format!("image: {NAME}\n")), "{deployment}");
    }
}
