//! What init containers fetch, and what their callers hear when it fails.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::json;

use crate::api::{Api, Create};
use crate::client::Answer;
use crate::server::{Server, until, with_function};

/// Asks for the code of the next Pod as its init container does, while an invocation waits for that Pod. The bytes are
/// none where the connection ended before all of them came.
async fn fetch(api: &Api, server: &Server) -> (Answer, Option<Vec<u8>>) {
    let known = api.pods();
    api.script([Create::NeverScheduled]);
    tokio::join!(server.invoke("hello", json!({})), async {
        let pod = until(async || api.pods().into_iter().find(|pod| !known.contains(pod))).await;
        let ip = api.let_listen_silently(&pod).await;
        let fetched = server
            .request(Method::GET, &api.init_variable(&pod, "FAKECLOUD_CODE"))
            .bearer_auth(api.init_variable(&pod, "FAKECLOUD_TOKEN"));
        // An answer that breaks off at once may not even begin.
        let Ok(answer) = fetched.send().await else { return None };
        assert_eq!(answer.status(), 200);
        let length = answer.content_length().expect("the init container needs it");
        let bytes = answer.bytes().await.ok().map(|bytes| bytes.to_vec());
        assert!(bytes.as_ref().is_none_or(|bytes| bytes.len() as u64 == length));
        if bytes.is_some() {
            let located = server
                .request(Method::GET, &api.init_variable(&pod, "FAKECLOUD_CODE"))
                .bearer_auth(api.init_variable(&pod, "FAKECLOUD_TOKEN"))
                .header("x-fakecloud-pod-ip", ip.to_string());
            located.send().await.unwrap();
        }
        bytes
    })
}

#[tokio::test]
async fn code_that_was_damaged_on_the_disk_never_comes_whole_and_the_caller_hears_why() {
    let (api, server) = with_function().await;
    let (answer, tar) = fetch(&api, &server).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let tar = tar.unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let names: Vec<PathBuf> = archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into()).collect();
    assert_eq!(names, [PathBuf::from("app.py")]);

    let zip = std::fs::read_dir(server.data().join("zips")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&zip).unwrap();
    let content_at = 30 + "app.py".len();
    bytes[content_at + 1] ^= 0x10;
    std::fs::write(&zip, bytes).unwrap();
    server.update_environment("hello", "new", std::time::Duration::from_secs(10)).await;
    let (answer, tar) = fetch(&api, &server).await;
    assert_eq!((answer.status, tar), (424, None), "{answer:?}");
    let message = answer.body["Message"].as_str().unwrap();
    assert!(message.contains(r#"cannot start: its code cannot be read: entry "app.py" is damaged"#), "{message}");
    assert!(message.contains("upload the archive again"), "{message}");
}

#[tokio::test]
async fn refusal_of_a_limit_range_is_told_with_the_setting_that_satisfies_it() {
    let (api, server) = with_function().await;
    api.script([Create::Forbidden("minimum cpu usage per Container is 100m, but no request is specified")]);
    let answer = server.invoke("hello", json!({})).await;
    let message = answer.body["Message"].as_str().unwrap();
    let told = message.contains("minimum cpu usage per Container is 100m") && message.contains("FAKECLOUD_K8S_CPU");
    assert!(answer.status == 424 && told, "{answer:?}");
}
