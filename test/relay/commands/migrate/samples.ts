/** Files of the Go plugin as its generations' own examples write them. The secrets in them are canaries. */

/** 0.1.0-alpha and the documents of Teleport 4.3: hyphens, `listen` and `base-url`. */
export const ALPHA = `# example PagerDuty plugin configuration TOML file
[teleport]
auth-server = "example.com:3025"
client-key = "/var/lib/teleport/plugins/pagerduty/auth.key"
client-crt = "/var/lib/teleport/plugins/pagerduty/auth.crt"
root-cas = "/var/lib/teleport/plugins/pagerduty/auth.cas"

[pagerduty]
api-key = "canary-api-key"
user-email = "me@example.com"
service-id = "PIJ90N7"

[http]
listen = ":8081"
base-url = "https://user:canary-url@teleport-proxy.example.com:8081/"
https-key-file = "/var/lib/teleport/plugins/pagerduty/server.key"
https-cert-file = "/var/lib/teleport/plugins/pagerduty/server.crt"

[http.basic-auth]
user = "user"
password = "canary-password"

[log]
output = "stderr"
severity = "INFO"
`;

/** 0.1: its own example, with the paths that it looks for. */
export const G1 = `[teleport]
auth_server = "example.com:3025"                              # Teleport Auth Server GRPC API address
client_key = "client.key"                                     # Teleport GRPC client secret key
client_crt = "client.pem"                                     # Teleport GRPC client certificate
root_cas = "cas.pem"                                          # Teleport cluster CA certs

[pagerduty]
api_key = "canary-api-key"
user_email = "me@example.com"
service_id = "PIJ90N7"

[http]
public_addr = "example.com"
listen_addr = ":8081"
https_key_file = "/var/lib/teleport/plugins/pagerduty/server.key"
https_cert_file = "/var/lib/teleport/plugins/pagerduty/server.crt"

[http.tls]
verify_client_cert = true

[http.basic_auth]
user = "user"
password = "canary-password"

[log]
output = "/var/log/teleport-pagerduty.log"
severity = "DEBUG"
`;

/** 0.2 to 6: approves by itself. */
export const G1_AUTO = G1.replace('service_id = "PIJ90N7"', 'service_id = "PIJ90N7"\nauto_approve = true');

/** 7 to 13. */
export const G2 = `[teleport]
auth_server = "proxy.example.com:443"
identity = "/var/lib/teleport/plugins/pagerduty/auth_id"

[pagerduty]
api_key = "/var/lib/teleport/plugins/pagerduty/canary-file"
user_email = "me@example.com"

[pagerduty.RequestAnnotations]
notify_service = "pd_notify"
services = "pagerduty_services"

[log]
output = "stdout"
severity = "warning"
`;

/** 14 and later. */
export const G3 = `[teleport]
addr = "myinstance.teleport.sh:443"
identity = "/var/lib/teleport/plugins/pagerduty/auth_id"
refresh_identity = true
refresh_identity_interval = "2m"

[pagerduty]
api_key = "canary-api-key"
user_email = "me@example.com"

[log]
output = "stderr"
severity = "TRACE"
`;

export const ALL = { ALPHA, G1, G1_AUTO, G2, G3 } as const;
