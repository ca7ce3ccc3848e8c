/** What an operator is asked to do, where several faults ask the same. Plain sentences, nothing else. */

/** Our certificate is the trouble. */
export const RENEW = "Issue it again (tctl auth sign) or see that tbot renews it.";

/** Something else than the Auth Service may have answered. */
export const CHECK_ADDRESS =
  "Check teleport.addr: it must name the Auth Service (by default port 3025) or the Proxy's web address.";

/** Our HTTP proxy stands in the way. */
export const CORRECT_HTTP_PROXY = "Correct HTTPS_PROXY, or name the host of teleport.addr in NO_PROXY.";

/** Nothing to be done yet. */
export const RETRIED = "It is tried again; if it stays, see Teleport's log.";
