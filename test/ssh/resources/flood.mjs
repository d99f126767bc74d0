// Packets a millisecond apart until stdin ends; then what was sent is in the kernel's hands, and this ends.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const socket = createSocket('udp4');
// Bound to the address of a real server: what it sends is to leave under the director's.
const server = createSocket('udp4');
// Where connection tracking is full, the kernel refuses a datagram: what is not sent can't go wrong.
for (const one of [socket, server]) one.on('error', () => {});
let going = true;
process.stdin.on('end', () => {
  going = false;
});
process.stdin.resume();

/** Handshakes from a VIP, one after the other, to a port where nobody listens. */
function shake() {
  const one = connect({ host: '10.83.33.1', port: 9, localAddress: '10.83.33.100' });
  one.on('error', () => {});
  one.on('close', () => (going ? shake() : undefined));
}

await Promise.all([
  new Promise((bound) => socket.bind(bound)),
  new Promise((bound) => server.bind(0, '10.84.1.11', bound)),
]);
shake();
for (let count = 0; going; count++) {
  for (let one = 0; one < 20; one++) socket.send('x', 50000 + ((20 * count + one) % 101), '10.83.33.100');
  // Each datagram to a port of its own begins a connection.
  server.send('x', 1024 + (count % 60000), `198.51.100.${1 + (count % 254)}`);
  server.send('x', 1024 + (count % 60000), `10.84.1.${100 + (count % 100)}`);
  // A program of the packet filter takes longer to start; the other half of the machine is for those.
  await new Promise((passed) => setTimeout(passed, 1));
}
await new Promise((sent) => socket.send('x', 50000, '10.83.33.100', sent));
socket.close();
server.close();
