//! `docs/management-api.md`: its examples are run as they stand, in their order, by one shell.

use crate::dev;
use serde_json::Value;
use std::process::Stdio;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_run() {
    let gateway = dev().start().await;
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/management-api.md")).unwrap();
    let examples: Vec<&str> = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() > 5);
    let mut command = Command::new("sh");
    command.args(["-e", "-c", &examples.concat()]).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    for (name, field) in
        [("WARDGATE_ADMIN_URL", "admin_url"), ("WARDGATE_API_KEY", "api_key"), ("WARDGATE_OPERATOR_KEY", "operator_key")]
    {
        command.env(name, gateway.ready()[field].as_str().unwrap());
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(wardgate_testkit::DEADLINE, command.output()).await.unwrap().unwrap();
    let [told, failed] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{told}{failed}");
    // The last example shows the audit log.
    let log: Value = serde_json::Deserializer::from_str(&told).into_iter().last().unwrap().unwrap();
    let newest = &log["auditEvents"][0];
    assert_eq!((&newest["action"], &newest["address"]), (&"managed_key.grant".into(), &"127.0.0.1".into()), "{log}");
}
