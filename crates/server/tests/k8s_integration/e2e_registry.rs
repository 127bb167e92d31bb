//! The registry under the clients that people push and pull images with.

use serde_json::{Value, json};

use crate::harness::{
    Clients, Containerd, Fakecloud, ImageLayout, Skopeo, digest_of, eventually, place, random_bytes, unique,
    with_temp_ns,
};

const BUSYBOX: &str = "docker.io/library/busybox:1.36";
const PYTHON: &str = "public.ecr.aws/lambda/python:3.12";

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

#[test]
fn skopeo_pulls_what_it_pushed_in_either_format() {
    with_temp_ns(|ns| {
        let registry = Fakecloud::start(ns).registry();
        let skopeo = Skopeo::new(ns);
        let archive = format!("docker-archive:{}", Containerd::export(ns, PYTHON).display());
        let layers = diff_ids(&skopeo, &archive);
        for (format, media_type) in [("v2s2", DOCKER_MANIFEST), ("oci", OCI_MANIFEST)] {
            let image = format!("docker://{registry}/team/python:{format}");
            skopeo.copy(&archive, &image, &["--format", format]);

            let manifest = skopeo.manifest(&image);
            let accepted: Value = serde_json::from_str(&manifest).expect("a manifest is JSON");
            let stated = accepted["mediaType"].as_str().unwrap_or(OCI_MANIFEST);
            assert_eq!(stated, media_type);
            assert_eq!(diff_ids(&skopeo, &image), layers);

            // It checks each blob's digest on the way, and would write another manifest if it had to change one.
            let dir = ns.dir().join(format);
            skopeo.copy(&image, &format!("dir:{}", dir.display()), &["--preserve-digests"]);
            let pulled = std::fs::read_to_string(dir.join("manifest.json")).expect("skopeo wrote a manifest");
            assert_eq!(pulled, manifest);
        }
        let tags = skopeo.ask("list-tags", &[&format!("docker://{registry}/team/python")]).unwrap();
        let tags: Value = serde_json::from_str(&tags).expect("skopeo prints JSON");
        assert_eq!(tags["Tags"], json!(["oci", "v2s2"]));
    });
}

#[test]
fn image_of_two_architectures_is_pulled_whole_by_architecture_and_by_digest() {
    with_temp_ns(|ns| {
        let registry = Fakecloud::start(ns).registry();
        let skopeo = Skopeo::new(ns);
        let layout = ImageLayout::of(ns, &Containerd::export(ns, BUSYBOX));
        let images = ["amd64", "arm64"].map(|architecture| layout.with_layer(architecture, &random_bytes(100_000)));
        let index = layout.index(&images);
        layout.name("both", &index);

        let repository = format!("docker://{registry}/team/app");
        let tagged = format!("{repository}:v1");
        skopeo.copy(&place("oci", &layout.dir, "both"), &tagged, &["--all", "--preserve-digests"]);
        let by_digest = format!("{repository}@{}", digest_of(&index));
        assert_eq!(skopeo.manifest(&tagged), skopeo.manifest(&by_digest));
        for (architecture, image) in ["amd64", "arm64"].into_iter().zip(&images) {
            let dir = ns.dir().join(architecture);
            let to = format!("dir:{}", dir.display());
            skopeo.copy(&tagged, &to, &["--override-arch", architecture, "--preserve-digests"]);
            let pulled = std::fs::read_to_string(dir.join("manifest.json")).expect("skopeo wrote a manifest");
            assert_eq!(pulled, skopeo.manifest(&format!("{repository}@{}", digest_of(image))));
        }
    });
}

#[test]
fn deleted_image_is_gone_and_its_neighbour_stays() {
    with_temp_ns(|ns| {
        let registry = Fakecloud::start(ns).registry();
        let skopeo = Skopeo::new(ns);
        let layout = ImageLayout::of(ns, &Containerd::export(ns, BUSYBOX));
        let [gone, stays] = ["gone", "stays"].map(|tag| {
            layout.name(tag, &layout.with_layer("amd64", tag.as_bytes()));
            let image = format!("docker://{registry}/team/app:{tag}");
            skopeo.copy(&place("oci", &layout.dir, tag), &image, &[]);
            image
        });
        skopeo.ask("delete", &[&gone]).unwrap();
        let said = skopeo.ask("inspect", &[&gone]).unwrap_err();
        assert!(said.contains("manifest unknown"), "{said}");
        let whole = format!("dir:{}", ns.dir().join("stays").display());
        skopeo.copy(&stays, &whole, &[]);
        let tags = skopeo.ask("list-tags", &[&format!("docker://{registry}/team/app")]).unwrap();
        let tags: Value = serde_json::from_str(&tags).expect("skopeo prints JSON");
        assert_eq!(tags["Tags"], json!(["stays"]));
    });
}

#[test]
fn oras_pushes_pulls_attaches_and_discovers_artifacts() {
    with_temp_ns(|ns| {
        let registry = Fakecloud::start(ns).registry();
        assert_eq!(Clients::new(ns).oras_program("oras_client.py", &[&registry]), "done\n");
    });
}

#[test]
fn containerd_and_the_kubelet_pull_what_skopeo_pushed() {
    with_temp_ns(|ns| {
        let registry = Fakecloud::start(ns).registry();
        let skopeo = Skopeo::new(ns);
        let layout = ImageLayout::of(ns, &Containerd::export(ns, BUSYBOX));
        // containerd shares blobs that it has; these it must fetch.
        let image = layout.with_layer("amd64", &random_bytes(5_000_000));
        layout.name("own", &image);
        let name = format!("test-{}", unique());
        let repository = format!("{registry}/{name}");
        skopeo.copy(&place("oci", &layout.dir, "own"), &format!("docker://{repository}:v1"), &["--preserve-digests"]);

        let listed = Containerd::pull(&format!("{repository}:v1"));
        assert!(listed.contains(digest_of(&image)), "{listed}");

        let pinned = format!("{repository}@{}", digest_of(&image));
        ns.kubectl.create(&pod(&pinned));
        let pulled = eventually("the Pod has ended", || {
            let pod = ns.kubectl.json(&["get", "pod", "puller"]);
            let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
            assert_ne!(waiting["reason"], "ErrImagePull", "{waiting}");
            (pod["status"]["phase"] == "Succeeded").then(|| pod["status"]["containerStatuses"][0]["imageID"].clone())
        });
        let size = ns.kubectl.text(&["logs", "puller"]);
        ns.kubectl.text(&["delete", "pod", "puller", "--grace-period=0", "--force"]);
        Containerd::remove(&name);
        assert_eq!(pulled, pinned);
        assert_eq!(size.trim(), "5000000");
    });
}

/// What an image's layers are when unpacked.
fn diff_ids(skopeo: &Skopeo, image: &str) -> Value {
    let config = skopeo.ask("inspect", &["--config", image]).unwrap_or_else(|said| panic!("{image}: {said}"));
    let config: Value = serde_json::from_str(&config).expect("a config is JSON");
    config["rootfs"]["diff_ids"].clone()
}

/// A Pod that tells how large the file in the image's last layer is.
fn pod(image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "puller"},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": false,
            "securityContext": {"runAsNonRoot": true, "runAsUser": 993, "runAsGroup": 990,
                "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "puller", "image": image, "imagePullPolicy": "Always",
                "command": ["sh", "-c", "wc -c < /content"],
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    })
}
