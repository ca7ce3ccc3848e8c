/** What an operator is asked to do, where several faults ask the same. Plain sentences, nothing else. */

/** Our certificate is the trouble. */
export const RENEW = "Issue it again (tctl auth sign) or see that tbot renews it.";

/** Something else than the Auth Service may have answered. */
export const CHECK_ADDRESS = "Check teleport.addr: it must name the Auth Service, by default port 3025.";

/** Nothing to be done yet. */
export const RETRIED = "It is tried again; if it stays, see Teleport's log.";
