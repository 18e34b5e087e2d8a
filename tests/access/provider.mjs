// An OpenID provider for the tests: `node provider.mjs` reads what it is to know from the first
// line of its input, says where it is, and ends when its input does.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit());
lines.once('line', (line) => serve(JSON.parse(line)));

function serve({ accounts, clients, audiences, keys, scope }) {
  const server = createServer();
  server.listen(0, '127.0.0.1', () => {
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const claims = (id) => accounts[id] ?? {};
    const provider = new Provider(issuer, {
      clients,
      jwks: { keys },
      cookies: { keys: ['of a test'] },
      // Claims are in the ID token, as a deployer configures it.
      conformIdTokenClaims: false,
      claims: { openid: ['sub', 'roles', 'organisation', 'officer'] },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...claims(id) }) }),
      extraTokenClaims: (_, token) => claims(token.accountId ?? token.clientId),
      scopes: ['openid', scope],
      pkce: { required: () => true },
      features: {
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_, audience) => {
            if (!audiences.includes(audience)) throw new Error('no such audience');
            return {
              scope,
              audience: audience.replace(/^urn:/, ''),
              accessTokenFormat: 'jwt',
              accessTokenTTL: 300,
            };
          },
        },
      },
    });
    server.on('request', provider.callback());
    console.log(JSON.stringify({ issuer }));
  });
}
