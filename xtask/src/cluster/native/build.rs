//! The Kubernetes server, built from Debian's source package: Debian ships no binaries of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::layout::KUBERNETES_VERSION;
use super::packages;
use super::scratch::Scratch;
use crate::{debian, shell};

mod progress;

const PROGRAMS: [&str; 5] = ["kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet"];

/// Programs that the build runs, and the packages that have them.
const BUILD_TOOLS: [(&str, &str); 4] =
    [("gcc", "gcc"), ("make", "make"), ("rsync", "rsync"), ("/usr/lib/go-1.19/bin/go", "golang-1.19-go")];

/// Debian's Go that builds this source; a newer one of the user's refuses it.
const GO: &str = "/usr/lib/go-1.19/bin";

/// What source and Go's build cache take, with some air.
const SPACE_NEEDED_MIB: u64 = 3500;

/// Builds the programs into `out` unless they are there; `out` appears only when all are complete.
pub(super) fn ensure(out: &Path) -> Result<()> {
    if PROGRAMS.iter().all(|program| out.join(program).is_file()) {
        return Ok(());
    }
    shell::step(&format!(
        "building Kubernetes {KUBERNETES_VERSION} from Debian's source package, once: about 5 minutes on 2 cores"
    ));
    packages::install_for(&BUILD_TOOLS)?;
    let scratch = Scratch::new("kubernetes")?;
    require_space(scratch.path())?;
    let source = fetch(scratch.path())?;
    compile(scratch.path(), &source)?;
    publish(&source.join("_output/local/go/bin"), scratch.path(), out)
}

fn require_space(path: &Path) -> Result<()> {
    let stat = rustix::fs::statvfs(path).with_context(|| format!("cannot examine {}", path.display()))?;
    let available_mib = stat.f_bavail * stat.f_frsize / (1 << 20);
    if available_mib < SPACE_NEEDED_MIB {
        bail!(
            "the build needs {SPACE_NEEDED_MIB} MiB, the file system of {} has {available_mib}: \
             set XDG_CACHE_HOME to a directory on another one",
            path.display()
        );
    }
    Ok(())
}

/// Downloads and unpacks the source, with package lists of its own: the machine's apt need not know `deb-src`.
fn fetch(scratch: &Path) -> Result<PathBuf> {
    shell::step("downloading Debian's source package kubernetes");
    let targets = ["indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)"];
    let filters = ["Created-By: Packages", "Origin: Debian", "Component: main"];
    let repositories = shell::output(debian::apt_get().args(targets).args(filters))?;
    let sources = source_list(&repositories);
    if sources.is_empty() {
        bail!("apt knows no Debian repository with the component `main`: add one to /etc/apt/sources.list.d");
    }
    fs::write(scratch.join("sources.list"), sources)?;
    fs::create_dir_all(scratch.join("lists/partial"))?;
    let apt_get = || {
        let mut command = debian::apt_get();
        command.current_dir(scratch).args(["-qq", "-o", "Dir::Etc::sourceparts=/dev/null", "-o"]);
        command.arg(option("Dir::Etc::sourcelist", &scratch.join("sources.list"))).arg("-o");
        command.arg(option("Dir::State::lists", &scratch.join("lists"))).args(["-o", "APT::Sandbox::User=root"]);
        command
    };
    shell::output(apt_get().arg("update"))?;
    shell::output(apt_get().args(["source", "--download-only", "kubernetes"]))?;

    let source = scratch.join("gopath/src/k8s.io/kubernetes");
    fs::create_dir_all(&source)?;
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--strip-components=1", "--directory"]).arg(&source).arg("--file").arg(orig(scratch)?);
    shell::output(&mut tar)?;
    Ok(source)
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// One `deb-src` line for each repository (`URI codename component`).
fn source_list(repositories: &str) -> String {
    let mut lines: Vec<String> = repositories.lines().map(|repository| format!("deb-src {repository}\n")).collect();
    lines.sort();
    lines.dedup();
    lines.concat()
}

fn orig(scratch: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(scratch)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("kubernetes_") && name.contains(".orig.tar.") {
            // Debian 12 names it 1.20.5+really1.20.2.
            if !name.contains(&format!("{KUBERNETES_VERSION}.orig")) {
                bail!("Debian's source package is {name}, not Kubernetes {KUBERNETES_VERSION}");
            }
            return Ok(scratch.join(name));
        }
    }
    bail!("apt-get downloaded no kubernetes_*.orig.tar.*")
}

/// Runs Kubernetes' own make: a bare `go build` lacks the code that it generates. GOPATH mode, because Go 1.19
/// refuses the go.mod of that time with vendored modules.
fn compile(scratch: &Path, source: &Path) -> Result<()> {
    let (major, minor) = KUBERNETES_VERSION.split_once('.').context("a version has a minor part")?;
    let minor = minor.split('.').next().unwrap_or(minor);
    let version = format!(
        "KUBE_GIT_COMMIT='debian'\nKUBE_GIT_TREE_STATE='archive'\nKUBE_GIT_VERSION='v{KUBERNETES_VERSION}'\n\
         KUBE_GIT_MAJOR='{major}'\nKUBE_GIT_MINOR='{minor}'\n"
    );
    fs::write(scratch.join("version"), version)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let what: Vec<String> = PROGRAMS.iter().map(|program| format!("cmd/{program}")).collect();
    let mut make = Command::new("make");
    make.current_dir(source)
        .arg(format!("WHAT={}", what.join(" ")))
        .arg("GOLDFLAGS=-s -w")
        .env("PATH", format!("{GO}:{path}"))
        .env("GO111MODULE", "off")
        // -v prints each package as it is compiled. Without the cloud providers' own drivers, a third of the code, it is
        // the same Kubernetes.
        .env("GOFLAGS", "-v -tags=providerless")
        .env("GOPATH", scratch.join("gopath"))
        .env("GOCACHE", scratch.join("gocache"))
        .env("GOTMPDIR", scratch)
        .env("CGO_ENABLED", "0")
        .env("KUBE_GIT_VERSION_FILE", scratch.join("version"));
    progress::run(&mut make, &scratch.join("build.log"))
}

/// Moves the complete set to its place in one step.
fn publish(built: &Path, scratch: &Path, out: &Path) -> Result<()> {
    let complete = scratch.join("complete");
    fs::create_dir(&complete)?;
    for program in PROGRAMS {
        fs::rename(built.join(program), complete.join(program))
            .with_context(|| format!("the build made no {program}"))?;
    }
    let parent = out.parent().context("the directory of the binaries has a parent")?;
    fs::create_dir_all(parent)?;
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot remove the incomplete {}", out.display()))?;
    }
    fs::rename(&complete, out).with_context(|| format!("cannot write {}", out.display()))
}

#[cfg(test)]
mod tests {
    use super::source_list;

    #[test]
    fn each_repository_is_listed_once() {
        let repositories = "http://deb.debian.org/debian/ bookworm main\n\
                            http://deb.debian.org/debian-security/ bookworm-security main\n\
                            http://deb.debian.org/debian/ bookworm main";
        let expected = "deb-src http://deb.debian.org/debian-security/ bookworm-security main\n\
                        deb-src http://deb.debian.org/debian/ bookworm main\n";
        assert_eq!(source_list(repositories), expected);
    }
}
