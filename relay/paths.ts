/** Where things lie on the relay's machine unless something says otherwise. Names only: nothing here touches a file. */

/** The configuration that is read unless `-c` names another. */
export const DEFAULT_CONFIG_FILE = "/etc/teleport-pagerduty.toml";

/** Where Teleport's own plugins keep their files, and the relay's lie unless the configuration says otherwise. */
export const PLUGIN_DIRECTORY = "/var/lib/teleport/plugins/pagerduty";

/** Where `keygen` puts the relay's key and where the relay looks for it. */
export const DEFAULT_KEY_FILE = `${PLUGIN_DIRECTORY}/relay.key`;
