/** The port of the proxy on the loopback of the jail, which has every port to itself. */
export const jailPort = 3128;
