//! What is kept on disk, and what is not.

use reqwest::Method;
use serde_json::json;

use crate::api::Api;
use crate::archive::{base64_of, zip_of};
use crate::server::Server;

/// The files below a folder of the data directory.
fn files(server: &Server, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(server.data().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn archive_of_a_call_that_fails_is_not_stored() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let code = json!({ "ZipFile": base64_of(&zip_of("x = 1")) });
    let create = |members: serde_json::Value| {
        let mut body = json!({
            "FunctionName": "f", "Runtime": "python3.12", "Handler": "app.handler",
            "Role": "arn:aws:iam::000000000000:role/any", "Code": code,
        });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    };
    let unknown_layer = json!({ "Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:none:1"] });
    let create = create(unknown_layer);
    let layer = json!({ "Content": code, "CompatibleRuntimes": ["python3.12"] });
    let calls = [
        (Method::POST, "/2015-03-31/functions", &create, 400),
        (Method::PUT, "/2015-03-31/functions/none/code", &code, 404),
        (Method::POST, "/2018-10-31/layers/arn:aws:lambda:us-east-1:111122223333:layer:l/versions", &layer, 403),
    ];
    for (method, path, body, status) in calls {
        server.call(method, path, body, status).await;
        assert_eq!(files(&server, "zips"), Vec::<String>::new(), "{path}");
    }
    server.create_function("f").await;
    assert_eq!(files(&server, "zips").len(), 1);
}
