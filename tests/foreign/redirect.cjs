// Preloaded into a Node.js client (NODE_OPTIONS=--require): Microsoft's host names lead to the sandbox, whose
// port is in MBX_SANDBOX_PORT. Names and TLS checks stay as they are; only the socket goes elsewhere.
'use strict';

const net = require('node:net');
const tls = require('node:tls');

const port = Number(process.env.MBX_SANDBOX_PORT);
const microsoft = /(^|\.)(microsoftonline\.com|login\.windows\.net|graph\.microsoft\.com|office365\.com|office\.com)$/;

const connect = tls.connect;
tls.connect = function redirected(...given) {
  const options = typeof given[0] === 'object' ? given[0] : null;
  if (options && microsoft.test(options.servername || options.host || '')) {
    given[0] = {
      ...options,
      servername: options.servername || options.host,
      socket: net.connect({ host: '127.0.0.1', port }),
    };
  } else if (options && !options.socket && !['127.0.0.1', 'localhost'].includes(options.host)) {
    throw new Error(`not allowed to leave this machine: ${options.host}`);
  }
  return connect.apply(tls, given);
};
