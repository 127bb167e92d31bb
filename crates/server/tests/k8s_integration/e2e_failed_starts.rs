//! Starts that fail, in the cluster or in the function's own code: the caller hears the first real cause.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Answer, Fakecloud, Function, Lambda, LogLevel, Node, eventually, stranger, with_temp_ns};

/// Long before the start timeout of 60 s.
const REASON_WITHIN: Duration = Duration::from_secs(30);

const IMAGE: &str = "public.ecr.aws/lambda/python:3.12";

/// An image that is no function's.
const BUSYBOX: &str = "busybox:1.36";

const EMULATOR: &str = "Runtime Interface Emulator";

#[test]
fn port_that_opens_late_is_waited_for() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let late = "sleep 5; exec /lambda-entrypoint.sh os.getcwd";
        fakecloud.lambda.create_function("late", &image_with(&["sh", "-c", late]));

        // The container runs, and its Pod is ready as far as its status tells, for seconds before the port is open.
        let answer = fakecloud.lambda.invoke("late", &Value::Null);
        let error = answer.expect(200);
        assert_eq!(error["errorType"], "TypeError", "getcwd was called, with arguments it does not take: {answer}");
    });
}

#[test]
fn start_that_times_out_deletes_its_pod_and_says_how_far_it_came() {
    with_temp_ns(|ns| {
        let setting = ("FAKECLOUD_LAMBDA_START_TIMEOUT", "6s");
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
        fakecloud.lambda.create_function("deaf", &image_with(&["sleep", "1000"]));

        let message = reason(&fakecloud.lambda, "deaf");
        assert!(message.contains("did not listen within 6s") && message.contains("runs"), "{message}");
        assert!(message.contains(IMAGE) && message.contains(EMULATOR), "{message}");
        eventually("the Pod is gone", || ns.pods().is_empty().then_some(()));
    });
}

#[test]
fn image_without_the_emulator_is_named_with_what_it_lacks() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let busybox = |command: &[&str]| Function::image(BUSYBOX, &json!({"Command": command}));

        // A shell without input, which ends at once, and a runtime client that looks for the runtime API in vain.
        for (name, command, end) in [
            ("shell", &[][..], "exit status 0"),
            ("client", &["sh", "-c", "echo ${AWS_LAMBDA_RUNTIME_API:?KeyError}"][..], "KeyError"),
        ] {
            fakecloud.lambda.create_function(name, &busybox(command));
            let message = reason(&fakecloud.lambda, name);
            assert!(message.contains(end), "{message}");
            assert!(message.contains(BUSYBOX) && message.contains(EMULATOR), "{message}");
        }

        fakecloud.lambda.create_function("website", &busybox(&["httpd", "-f", "-p", "8080"]));
        let message = reason(&fakecloud.lambda, "website");
        assert!(message.contains("answered with HTTP 501"), "{message}");
        assert!(message.contains(BUSYBOX) && message.contains(EMULATOR), "{message}");
    });
}

#[test]
fn process_that_is_killed_as_it_starts_lacks_no_emulator() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("killed", &image_with(&["sh", "-c", "sh -c 'kill -9 $$'; exit $?"]));
        let message = reason(&fakecloud.lambda, "killed");
        assert!(message.contains("signal: killed") && !message.contains(EMULATOR), "{message}");
    });
}

#[test]
fn entry_point_that_is_not_in_the_image_is_the_reason() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("misspelt", &image_with(&["/usr/bin/pyhton"]));
        let message = reason(&fakecloud.lambda, "misspelt");
        assert!(message.contains("/usr/bin/pyhton") && message.contains("no such file"), "{message}");
        assert!(!message.contains(EMULATOR), "{message}");
    });
}

#[test]
fn image_name_that_is_none_is_the_reason() {
    with_temp_ns(|ns| {
        let setting = ("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12", "registry.invalid/Upper:1");
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
        fakecloud.lambda.create_function("misnamed", &Function::python_report());
        let message = reason(&fakecloud.lambda, "misnamed");
        assert!(message.contains("InvalidImageName") && message.contains("registry.invalid/Upper:1"), "{message}");
    });
}

#[test]
fn pod_that_fits_no_node_is_given_its_grace_and_then_says_why() {
    with_temp_ns(|ns| {
        let setting = ("FAKECLOUD_K8S_UNSCHEDULABLE_GRACE", "4s");
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
        let tags = json!({"Tags": {"fakecloud-k8s/node-selector": "pool=nowhere"}});
        fakecloud.lambda.create_function("homeless", &Function::python_report().members(tags));

        let asked = Instant::now();
        let message = reason(&fakecloud.lambda, "homeless");
        assert!(message.contains("Unschedulable") && message.contains("node"), "{message}");
        assert!(asked.elapsed() >= Duration::from_secs(4), "an autoscaler had no chance: {:?}", asked.elapsed());
        eventually("the Pod is gone", || ns.pods().is_empty().then_some(()));
    });
}

#[test]
fn pod_that_fits_a_node_in_time_serves() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let label = format!("fakecloud-test-{}", ns.name);
        let tags = json!({"Tags": {"fakecloud-k8s/node-selector": format!("{label}=yes")}});
        fakecloud.lambda.create_function("patient", &Function::python_report().members(tags));

        let answer = thread::scope(|scope| {
            let invoked = scope.spawn(|| fakecloud.lambda.invoke("patient", &Value::Null));
            eventually("the Pod waits for a node", || {
                let pods = ns.pods();
                let condition = pods.first().map(|pod| pod.object["status"]["conditions"][0]["reason"].clone());
                (condition == Some(json!("Unschedulable"))).then_some(())
            });
            let _label = Node::label(&ns.kubectl, &label, "yes");
            invoked.join().expect("the client does not panic")
        });
        assert_eq!(answer.returned()["count"], 1);
    });
}

#[test]
fn init_container_that_is_refused_its_files_says_so() {
    for (status, code) in [("401 Unauthorized", "401"), ("404 Not Found", "404")] {
        with_temp_ns(|ns| {
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let stranger = stranger(answer.into_bytes());
            let setting = ("FAKECLOUD_K8S_SELF_URL", stranger.as_str());
            let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
            fakecloud.lambda.create_function("refused", &Function::python_report());
            let message = reason(&fakecloud.lambda, "refused");
            assert!(message.contains("init container") && message.contains(code), "{message}");
        });
    }
}

#[test]
fn archive_that_comes_damaged_is_the_reason() {
    let sound = tar(&[("app.py", b"def handler(event, context): return 1"), ("b.py", b"")]);
    // To tar, the end of an entry is an end like any other.
    let (length, entry) = (sound.len(), 1024);
    let closed_after = |bytes: usize| format!("closed after {bytes} of {length} bytes");
    for (answer, words) in [
        (answer_with(length, &sound[..50]), closed_after(50)),
        (answer_with(length, &sound[..entry]), closed_after(entry)),
        (answer_with(512, &[b'x'; 512]), "cannot unpack the code: tar: ".to_owned()),
        (answer_with(600, &sound[..600]), "cannot unpack the code: tar: short read".to_owned()),
    ] {
        with_temp_ns(|ns| {
            let stranger = stranger(answer.clone());
            let setting = ("FAKECLOUD_K8S_SELF_URL", stranger.as_str());
            let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
            fakecloud.lambda.create_function("damaged", &Function::python_report());
            let message = reason(&fakecloud.lambda, "damaged");
            assert!(message.contains("init container") && message.contains(&words), "{words}: {message}");
            eventually("the Pod is gone", || ns.pods().is_empty().then_some(()));
        });
    }
}

#[test]
fn init_container_that_is_cut_off_hears_and_says_so_long_before_the_start_times_out() {
    // Nothing listens on the one, and packets to the other are dropped: TEST-NET-1 of RFC 5737.
    let _silence = Node::silence(Ipv4Addr::new(192, 0, 2, 1));
    for (url, words) in [("http://10.88.0.1:9", "service mesh"), ("http://192.0.2.1:4566", "NetworkPolicy")] {
        with_temp_ns(|ns| {
            let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_K8S_SELF_URL", url)]);
            fakecloud.lambda.create_function("cut-off", &Function::python_report());
            let message = reason(&fakecloud.lambda, "cut-off");
            assert!(message.contains("init container fetch") && message.contains(url), "{message}");
            assert!(message.contains(words) && message.contains("docs/CLUSTERS.md"), "{message}");
        });
    }
}

#[test]
fn function_of_an_architecture_that_no_node_has_names_it_and_the_setting_runs_it() {
    let other = if std::env::consts::ARCH == "x86_64" { "arm64" } else { "x86_64" };
    let function = Function::python_report().members(json!({"Architectures": [other]}));
    with_temp_ns(|ns| {
        let setting = ("FAKECLOUD_K8S_UNSCHEDULABLE_GRACE", "2s");
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
        fakecloud.lambda.create_function("foreign", &function);
        let message = reason(&fakecloud.lambda, "foreign");
        assert!(message.contains("kubernetes.io/arch=") && message.contains("IGNORE_ARCHITECTURE=true"), "{message}");
    });
    with_temp_ns(|ns| {
        let setting = ("FAKECLOUD_LAMBDA_IGNORE_ARCHITECTURE", "true");
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
        fakecloud.lambda.create_function("foreign", &function);
        assert_eq!(fakecloud.lambda.invoke("foreign", &Value::Null).returned()["count"], 1);
    });
}

#[test]
fn disk_that_the_code_fills_is_the_reason() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        let label = format!("fakecloud-test-{}", ns.name);
        let tags = json!({"Tags": {"fakecloud-k8s/node-selector": format!("{label}=yes")}});
        lambda.create_function("vast", &Function::python_report().file("vast", vec![7; 1 << 20]).members(tags));

        let message = thread::scope(|scope| {
            let invoked = scope.spawn(|| reason(lambda, "vast"));
            let uid = eventually("the Pod waits for a node", || {
                let pods = ns.pods();
                pods.first().and_then(|pod| pod.object["metadata"]["uid"].as_str().map(str::to_owned))
            });
            let disk = Node::little_disk(&uid, "64k");
            let _label = Node::label(&ns.kubectl, &label, "yes");
            disk.mounted();
            invoked.join().expect("the client does not panic")
        });
        assert!(message.contains("init container") && message.contains("No space left on device"), "{message}");
        eventually("the Pod is gone", || ns.pods().is_empty().then_some(()));
    });
}

#[test]
fn code_that_does_not_load_is_the_functions_own_error() {
    const ARM64_PROGRAM: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xb7\0\x01\0\0\0";
    let provided = |bootstrap: &[u8]| Function::provided_report().files(&[("bootstrap", bootstrap)]);
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        for (name, function, error_type, words) in [
            ("absent", Function::python("import nothing_like_it"), "Runtime.ImportModuleError", "nothing_like_it"),
            ("garbled", Function::python("def handler(:"), "Runtime.UserCodeSyntaxError", "invalid syntax"),
            ("nameless", Function::python("other = 1"), "Runtime.HandlerNotFound", "handler"),
            ("leaving", Function::python("import sys; sys.exit(3)"), "Runtime.ExitError", ""),
            // The emulator answers an exec that failed without a body, so that is all there is to tell.
            ("foreign", provided(ARM64_PROGRAM), "Runtime.ExitError", "without providing a reason"),
        ] {
            fakecloud.lambda.create_function(name, &function);
            let answer = fakecloud.lambda.invoke(name, &Value::Null);
            assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{name}: {answer}");
            let error = answer.expect(200);
            assert_eq!(error["errorType"], error_type, "{name}: {answer}");
            let message = error["errorMessage"].as_str().unwrap_or_default();
            assert!(!message.is_empty() && message.contains(words), "{name}: {answer}");
        }
    });
}

#[test]
fn custom_runtime_that_ends_while_it_initialises_has_a_second_chance() {
    let report = include_str!("functions/bootstrap.sh");
    let source = report.replacen("#!/bin/sh\n", "#!/bin/sh\nmkdir /tmp/begun && exit 1\n", 1);
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let moody = Function::provided_report().files(&[("bootstrap", source.as_bytes())]);
        fakecloud.lambda.create_function("moody", &moody);
        let report = fakecloud.lambda.invoke("moody", &json!({"n": 1})).returned();
        assert_eq!(report["event"], json!({"n": 1}));
        let again = fakecloud.log().lines().filter(|line| line.contains("trying once more")).count();
        assert_eq!((again, ns.pods_of("moody").len()), (1, 1));
    });
}

/// A function from an image of the cluster with an entry point of its own.
fn image_with(entry_point: &[&str]) -> Function {
    Function::image(IMAGE, &json!({"EntryPoint": entry_point}))
}

/// The message of the refusal that an invocation ends with.
fn reason(lambda: &Lambda, function: &str) -> String {
    let asked = Instant::now();
    let answer: Answer = lambda.invoke(function, &Value::Null);
    assert_eq!(answer.status, 424, "{answer}");
    assert!(asked.elapsed() < REASON_WITHIN, "the reason came after {:?}: {answer}", asked.elapsed());
    let message = answer.error_message();
    assert!(message.contains(&format!("fakecloud-lambda-{function}-")), "the Pod is not named: {message}");
    message
}

/// A tar of these files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).expect("memory takes every byte");
    }
    tar.into_inner().expect("memory takes every byte")
}

/// An answer with a body that should be so long.
fn answer_with(length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}
