//! The registry under Docker: `docker login`, `docker push` and `docker pull` as against ECR.

use crate::harness::{Clients, Containerd, Docker, Fakecloud, LogLevel, Skopeo, with_temp_ns};

const PYTHON: &str = "public.ecr.aws/lambda/python:3.12";

#[test]
fn docker_pushes_and_pulls_after_a_login_as_to_ecr() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let (registry, docker) = (fakecloud.registry(), Docker::start(ns));
        let id = load(&docker, &Containerd::export(ns, PYTHON));
        let password = Clients::new(ns).ecr_password(&fakecloud.lambda.endpoint);
        let said = docker.login(&registry, &password).unwrap();
        assert!(said.contains("Login Succeeded"), "{said}");

        let image = format!("{registry}/team/app:v1");
        docker.run(&["tag", &id, &image]);
        let pushed = docker.run(&["push", &image]);
        // What is there is not sent again, neither to the same repository nor to another.
        assert!(docker.run(&["push", &image]).contains("Layer already exists"));
        let other = format!("{registry}/team/other:v1");
        docker.run(&["tag", &id, &other]);
        let mounted = docker.run(&["push", &other]);
        assert!(mounted.contains("Mounted from team/app"), "{mounted}");

        let aws_path = format!("{registry}/000000000000/us-east-1/team/app:v1");
        for again in [&image, &other, &aws_path] {
            remove_all(&docker);
            let pulled = docker.run(&["pull", again]);
            assert_eq!(docker.run(&["images", "--quiet", "--no-trunc", again]).trim(), id);
            let digest = pulled.lines().find_map(|line| line.strip_prefix("Digest: ")).expect("it tells the digest");
            assert!(pushed.contains(&format!("digest: {digest}")), "{pushed}\n{pulled}");
        }
    });
}

#[test]
fn docker_is_told_when_the_password_is_wrong() {
    with_temp_ns(|ns| {
        let settings = [("FAKECLOUD_REGISTRY_TOKEN", "open-sesame")];
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &settings);
        let (registry, docker) = (fakecloud.registry(), Docker::start(ns));
        let image = format!("{registry}/team/app:v1");
        let id = load(&docker, &Containerd::export(ns, "docker.io/library/busybox:1.36"));
        docker.run(&["tag", &id, &image]);

        let said = docker.login(&registry, "close-sesame").unwrap_err();
        assert!(said.contains("401 Unauthorized") || said.contains("unauthorized"), "{said}");
        let said = docker.attempt(&["push", &image]).unwrap_err();
        assert!(said.contains("no basic auth credentials"), "{said}");

        docker.login(&registry, "open-sesame").unwrap();
        docker.run(&["push", &image]);
        remove_all(&docker);
        docker.run(&["pull", &image]);
        assert_eq!(docker.run(&["images", "--quiet", "--no-trunc", &image]).trim(), id);

        // Nodes pull without a password: containerd, and CRI-O, whose library is skopeo's. Docker itself does not try.
        Containerd::pull(&image);
        let unpacked = format!("dir:{}", ns.dir().join("anonymous").display());
        Skopeo::new(ns).copy(&format!("docker://{image}"), &unpacked, &[]);
        docker.run(&["logout", &registry]);
        let said = docker.attempt(&["pull", &image]).unwrap_err();
        assert!(said.contains("no basic auth credentials"), "{said}");
    });
}

/// Loads an archive's image, and gives its id.
fn load(docker: &Docker, archive: &std::path::Path) -> String {
    docker.run(&["load", "--input", archive.to_str().expect("the namespace's directory is UTF-8")]);
    docker.run(&["images", "--quiet", "--no-trunc"]).lines().next().expect("the archive has an image").to_owned()
}

/// Leaves the daemon no image, under whatever names.
fn remove_all(docker: &Docker) {
    let all = docker.run(&["images", "--all", "--quiet", "--no-trunc"]);
    let mut all: Vec<&str> = all.lines().collect();
    all.dedup();
    docker.run(&[&["rmi", "--force"], all.as_slice()].concat());
    assert_eq!(docker.run(&["images", "--all", "--quiet"]), "");
}
