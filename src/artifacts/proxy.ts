import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The HTTP proxy for a URL, as curl finds it: `http_proxy` (in lower case only, since a CGI's HTTP_PROXY is a client's header),
 * `https_proxy` or HTTPS_PROXY, `all_proxy` or ALL_PROXY, less what `no_proxy` or NO_PROXY names.
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const secure = url.protocol === 'https:';
  const given =
    (secure ? env.https_proxy || env.HTTPS_PROXY : env.http_proxy) || env.all_proxy || env.ALL_PROXY;
  if (!given || isExempt(url, env.no_proxy || env.NO_PROXY || '')) return undefined;
  const address = given.includes('://') ? given : `http://${given}`;
  if (!URL.canParse(address)) return undefined;
  const proxy = new URL(address);
  return proxy.protocol === 'http:' ? proxy : undefined;
}

/** `no_proxy`: `*`, or host names and domains (`.example.com` and `example.com` alike), each with a port if wanted. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*' || entry === host) return true;
      const [, name = '', only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
      if (only !== undefined && only !== port) return false;
      const domain = name.replace(/^\*?\./, '');
      return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
    });
}

/** `Proxy-Authorization` for the user and password in the proxy's URL. */
export function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

/** A way through the proxy to the server of an https URL. */
export function tunnel(proxy: URL, url: URL, signal: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  return new Promise((resolve, reject) => {
    const connect = httpRequest({
      host: proxy.hostname,
      port: proxy.port || 80,
      method: 'CONNECT',
      path: target,
      headers: { Host: target, ...proxyHeaders(proxy) },
      agent: false,
      signal,
    });
    connect.once('connect', (answer, socket) => {
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answers HTTP ${answer.statusCode}`));
    });
    connect.once('response', (answer) => {
      answer.resume();
      reject(new Error(`the proxy ${proxy.host} answers HTTP ${answer.statusCode}`));
    });
    connect.once('error', reject);
    connect.end();
  });
}
