// The official JavaScript client: one feature a run, its findings as JSON on standard output.
import { PassThrough, Readable } from 'node:stream';
import net from 'node:net';
import * as k8s from '@kubernetes/client-node';

const config = new k8s.KubeConfig();
config.loadFromDefault();
const api = config.makeApiClient(k8s.CoreV1Api);
const namespace = 'default';
const labels = { of: 'javascript' };

const configMap = (name, data = {}) => ({ metadata: { name, labels }, data });
const mergePatch = k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch);
const statusOf = (call) => call.then(() => 200, (error) => error.code);
const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function change(name) {
  await api.createNamespacedConfigMap({ namespace, body: configMap(name) });
  await api.patchNamespacedConfigMap({ namespace, name, body: { data: { c: '3' } } }, mergePatch);
  await api.deleteNamespacedConfigMap({ namespace, name });
}

const features = {
  async objects() {
    const name = 'javascript';
    const made = await api.createNamespacedConfigMap({ namespace, body: configMap(name, { a: '1' }) });
    const got = await api.readNamespacedConfigMap({ namespace, name });
    got.data.b = '2';
    await api.replaceNamespacedConfigMap({ namespace, name, body: got });
    const patched = await api.patchNamespacedConfigMap({ namespace, name, body: { data: { c: '3' } } }, mergePatch);
    const conflict = await statusOf(api.replaceNamespacedConfigMap({ namespace, name, body: made }));
    await api.deleteNamespacedConfigMap({ namespace, name });
    const gone = await statusOf(api.readNamespacedConfigMap({ namespace, name }));
    return { data: patched.data, conflict, gone };
  },

  async pages() {
    for (let number = 0; number < 5; number++) {
      await api.createNamespacedConfigMap({ namespace, body: configMap(`javascript-${number}`) });
    }
    const pages = [];
    for (let token; token !== ''; ) {
      const page = await api.listNamespacedConfigMap({ namespace, limit: 2, _continue: token, labelSelector: 'of=javascript' });
      pages.push(page.items.length);
      token = page.metadata._continue ?? '';
    }
    await api.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'of=javascript' });
    return { pages };
  },

  async watch() {
    const events = [];
    const { metadata } = await api.listNamespacedConfigMap({ namespace });
    await new Promise((resolve, reject) => {
      const query = { labelSelector: 'of=javascript', resourceVersion: metadata.resourceVersion };
      const watching = new k8s.Watch(config).watch(
        `/api/v1/namespaces/${namespace}/configmaps`,
        query,
        (type) => {
          events.push(type);
          if (type === 'DELETED') watching.then((controller) => controller.abort()).then(resolve);
        },
        () => {},
      );
      watching.then(() => later(500)).then(() => change('javascript-watched')).catch(reject);
    });
    return { events };
  },

  async informer() {
    const events = [];
    const list = () => api.listNamespacedConfigMap({ namespace, labelSelector: 'of=javascript' });
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const informer = k8s.makeInformer(config, path, list, 'of=javascript');
    const deleted = new Promise((resolve) => informer.on('delete', () => { events.push('delete'); resolve(); }));
    informer.on('add', () => events.push('add'));
    informer.on('update', () => events.push('update'));
    await informer.start();
    await later(500);
    await change('javascript-informed');
    await deleted;
    await informer.stop();
    return { events };
  },

  async logs(pod) {
    const stream = new PassThrough();
    const controller = await new k8s.Log(config).log(namespace, pod, 'c', stream, { follow: true });
    let rest = '';
    for await (const data of stream) {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        process.stdout.write(`${line}\n`);
        if (line === 'last') {
          controller.abort();
          return null;
        }
      }
    }
    return null;
  },

  async exec(pod) {
    const out = { stdout: '', stderr: '' };
    const stdout = new PassThrough().on('data', (data) => (out.stdout += data));
    const stderr = new PassThrough().on('data', (data) => (out.stderr += data));
    const command = ['sh', '-c', 'read line; echo out $line; echo wrong >&2; exit 3'];
    const status = await new Promise((resolve, reject) => {
      const stdin = Readable.from(['typed\n']);
      new k8s.Exec(config).exec(namespace, pod, 'c', command, stdout, stderr, stdin, false, resolve).catch(reject);
    });
    return { ...out, code: Number(status.details.causes.find((cause) => cause.reason === 'ExitCode').message) };
  },

  async 'port-forward'(pod, port) {
    const forward = new k8s.PortForward(config);
    const server = net.createServer((socket) => {
      forward.portForward(namespace, pod, [Number(port)], socket, null, socket);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const answer = await new Promise((resolve, reject) => {
      const socket = net.connect(server.address().port, '127.0.0.1', () => socket.write('ping\n'));
      socket.once('data', (data) => resolve(String(data)));
      socket.once('error', reject);
    });
    return { answer };
  },
};

const [feature, ...rest] = process.argv.slice(2);
const found = await features[feature](...rest);
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
