//! Functions from images: pushed to fakecloud's registry as users push them, pulled by the node, run by the emulator.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{
    CREDENTIALS, Containerd, Fakecloud, Function, Images, LogLevel, PrivateRegistry, Skopeo, unique, with_temp_ns,
};

const BUSYBOX: &str = "docker.io/library/busybox:1.36";
const PYTHON: &str = "public.ecr.aws/lambda/python:3.12";

#[test]
fn function_runs_the_image_that_its_tag_meant_when_its_code_was_named() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start_with_registry(ns);
        let images = Images::new(ns);
        let uri = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{}:latest", images.name);
        let first = images.push(&fakecloud.registry(), "latest", "one");
        fakecloud.lambda.create_function("f", &Function::image(&uri, &Value::Null));
        let code = fakecloud.lambda.get("/2015-03-31/functions/f").unwrap().expect(200)["Code"].clone();
        assert_eq!(code["ImageUri"], uri);
        assert_eq!(code["ResolvedImageUri"], format!("{}@{first}", uri.trim_end_matches(":latest")));
        assert_eq!(fakecloud.lambda.invoke("f", &Value::Null).returned()["image"], "one");
        let image = &ns.pods_of("f")[0].object["spec"]["containers"][0]["image"];
        assert_eq!(image, &json!(format!("{}/{}@{first}", fakecloud.registry(), images.name)));

        // Another Pod is another pull.
        let second = images.push(&fakecloud.registry(), "latest", "two");
        let evicted = fakecloud.lambda.post("/_fakecloud/lambda/f/evict-container", &Value::Null);
        assert_eq!(evicted.expect(200), json!({"evicted": true}));
        assert_eq!(fakecloud.lambda.invoke("f", &Value::Null).returned()["image"], "one");

        let updated = fakecloud.lambda.update_image("f", &uri);
        assert_eq!(format!("sha256:{}", updated["CodeSha256"].as_str().unwrap_or_default()), second);
        assert_eq!(fakecloud.lambda.invoke("f", &Value::Null).returned()["image"], "two");
        images.remove();
    });
}

#[test]
fn image_is_named_as_it_was_pushed() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start_with_registry(ns);
        let images = Images::new(ns);
        let registry = fakecloud.registry();
        images.push(&registry, "v1", "one");
        fakecloud.lambda.create_function("plain", &Function::image(&images.uri(&registry, "v1"), &Value::Null));
        assert_eq!(fakecloud.lambda.invoke("plain", &Value::Null).returned()["image"], "one");
        let full = format!("anything.example/000000000000/us-east-1/{}:v1", images.name);
        fakecloud.lambda.create_function("full", &Function::image(&full, &Value::Null));
        assert_eq!(fakecloud.lambda.invoke("full", &Value::Null).returned()["image"], "one");
        images.remove();
    });
}

#[test]
fn image_config_takes_the_place_of_what_the_image_says() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start_with_registry(ns);
        let images = Images::new(ns);
        let registry = fakecloud.registry();
        images.push(&registry, "v1", "one");
        let uri = images.uri(&registry, "v1");
        let started = || {
            let returned = fakecloud.lambda.invoke("f", &Value::Null).returned();
            ["handler", "directory", "entry"].map(|what| returned[what].clone())
        };
        let config = json!({"Command": ["app.other"], "WorkingDirectory": "/srv"});
        fakecloud.lambda.create_function("f", &Function::image(&uri, &config));
        assert_eq!(started(), [json!("other"), json!("/srv"), Value::Null]);

        let entry = ["sh", "-c", "ENTRY=own exec /lambda-entrypoint.sh app.handler"];
        fakecloud.lambda.update_configuration("f", &json!({"ImageConfig": {"EntryPoint": entry}}));
        assert_eq!(started(), [json!("handler"), json!("/var/task"), json!("own")]);
        images.remove();
    });
}

#[test]
fn image_that_is_not_there_or_for_another_architecture_is_refused() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start_with_registry(ns);
        let images = Images::new(ns);
        let registry = fakecloud.registry();
        let create = |tag: &str, members: Value| {
            let function = Function::image(&images.uri(&registry, tag), &Value::Null);
            let answer = fakecloud.lambda.try_create_function("f", &function, &members);
            assert_eq!(answer.status, 400, "{answer}");
            answer.error_message()
        };
        let message = create("v1", json!({}));
        assert!(
            message.contains("does not exist. Provide a valid source image.") && message.contains("push it"),
            "{message}"
        );
        images.push(&registry, "v1", "one");
        let message = create("v1", json!({"Architectures": ["arm64"]}));
        assert!(message.contains("is not supported.") && message.contains("--platform linux/arm64"), "{message}");
        let message = create("v2", json!({}));
        assert!(message.contains("does not exist") && message.contains("v2"), "{message}");
    });
}

#[test]
fn function_runs_an_image_that_only_fakecloud_can_fetch() {
    with_temp_ns(|ns| {
        let private = PrivateRegistry::start(ns);
        let images = Images::new(ns);
        // What the node has of another image it would not pull again.
        let text = unique();
        let digest = images.push_with(&["--dest-creds", CREDENTIALS], &private.address, "v1", &text);

        let upstream = format!("far=http://{CREDENTIALS}@{}", private.address);
        let fakecloud =
            Fakecloud::start_with_registry_and(ns, |_registry| vec![("FAKECLOUD_REGISTRY_UPSTREAM", upstream)]);
        let uri = format!("000000000000.dkr.ecr.us-east-1.amazonaws.com/far/{}:v1", images.name);
        fakecloud.lambda.create_function("f", &Function::image(&uri, &Value::Null));
        assert_eq!(fakecloud.lambda.invoke("f", &Value::Null).returned()["image"], text);
        let image = &ns.pods_of("f")[0].object["spec"]["containers"][0]["image"];
        assert_eq!(image, &json!(format!("{}/far/{}@{digest}", fakecloud.registry(), images.name)));

        let missing = uri.replace(":v1", ":v2");
        let function = Function::image(&missing, &Value::Null);
        let answer = fakecloud.lambda.try_create_function("g", &function, &json!({}));
        let message = answer.error_message();
        assert!(message.contains("does not exist") && message.contains(&private.address), "{message}");
        images.remove();
    });
}

#[test]
fn runtimes_and_init_containers_come_through_fakecloud() {
    with_temp_ns(|ns| {
        let (private, skopeo) = (PrivateRegistry::start(ns), Skopeo::new(ns));
        for (image, name) in [(BUSYBOX, "library/busybox:1.36"), (PYTHON, "lambda/python:3.12")] {
            let archive = format!("docker-archive:{}", Containerd::export(ns, image).display());
            let to = format!("docker://{}/{name}", private.address);
            skopeo.copy(&archive, &to, &["--dest-creds", CREDENTIALS]);
        }
        let fakecloud = Fakecloud::start_with_registry_and(ns, |registry| {
            let upstream = format!("http://{CREDENTIALS}@{}", private.address);
            vec![
                ("FAKECLOUD_REGISTRY_UPSTREAM", format!("docker.io={upstream},public.ecr.aws={upstream}")),
                ("FAKECLOUD_K8S_INIT_IMAGE", format!("{registry}/docker.io/library/busybox:1.36")),
                ("FAKECLOUD_LAMBDA_IMAGE_PREFIX", format!("{registry}/public.ecr.aws/lambda")),
            ]
        });
        fakecloud.lambda.create_function("f", &Function::python("def handler(event, context):\n    return event\n"));
        assert_eq!(fakecloud.lambda.invoke("f", &json!("hello")).returned(), "hello");
        let fetched = fakecloud.log().lines().filter(|line| line.contains("fetched a manifest")).count();
        assert_eq!(fetched, 2, "{}", fakecloud.log());
        Containerd::remove(&fakecloud.registry());
    });
}

#[test]
fn containerd_takes_fakecloud_for_a_mirror_of_another_registry() {
    with_temp_ns(|ns| {
        let private = PrivateRegistry::start(ns);
        let images = Images::new(ns);
        let digest = images.push_with(&["--dest-creds", CREDENTIALS], &private.address, "v1", &unique());
        let upstream = format!("docker.io=http://{CREDENTIALS}@{}", private.address);
        let fakecloud =
            Fakecloud::start_with_registry_and(ns, |_registry| vec![("FAKECLOUD_REGISTRY_UPSTREAM", upstream)]);
        let hosts = ns.dir().join("hosts/docker.io");
        fs::create_dir_all(&hosts).expect("the namespace's directory takes folders");
        // The registry itself is nowhere.
        let toml = format!(
            "server = \"http://127.0.0.1:1\"\n[host.\"http://{}\"]\ncapabilities = [\"pull\", \"resolve\"]\n",
            fakecloud.registry()
        );
        fs::write(hosts.join("hosts.toml"), toml).expect("the folder takes files");
        let folder = hosts.parent().expect("it lies in a folder");
        let listed = Containerd::pull_by_hosts(folder, &images.uri("docker.io", "v1"));
        assert!(listed.contains(&digest), "{listed}");
    });
}

#[test]
fn image_of_a_private_registry_is_pulled_with_the_secret_only() {
    with_temp_ns(|ns| {
        let private = PrivateRegistry::start(ns);
        let images = Images::new(ns);
        images.push_with(&["--dest-creds", CREDENTIALS], &private.address, "v1", "one");
        let uri = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{}:v1", images.name);
        let external = [("FAKECLOUD_ECR", "external"), ("FAKECLOUD_K8S_ECR_URL", private.address.as_str())];

        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &external);
        fakecloud.lambda.create_function("f", &Function::image(&uri, &Value::Null));
        let answer = fakecloud.lambda.invoke("f", &Value::Null);
        assert_eq!(answer.status, 424, "{answer}");
        let message = answer.error_message();
        for part in [private.address.as_str(), images.name.as_str(), "FAKECLOUD_K8S_PULL_SECRET"] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }

        let (user, password) = CREDENTIALS.split_once(':').expect("user and password");
        let [server, user, password] =
            [("server", private.address.as_str()), ("username", user), ("password", password)]
                .map(|(name, value)| format!("--docker-{name}={value}"));
        ns.kubectl.text(&["create", "secret", "docker-registry", "pull", &server, &user, &password]);
        let with_secret = [&external[..], &[("FAKECLOUD_K8S_PULL_SECRET", "pull")]].concat();
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &with_secret);
        fakecloud.lambda.create_function("f", &Function::image(&uri, &Value::Null));
        assert_eq!(fakecloud.lambda.invoke("f", &Value::Null).returned()["image"], "one");
        images.remove();
    });
}
