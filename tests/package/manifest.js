#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
// Holds the Kubernetes manifest against Kubernetes' own schema, and against what dwell needs.
//
// manifest.js MANIFEST: needs the npm packages yaml and kubernetes-models, where NODE_PATH says.
// One complaint a line; exit status 1 if there is any.
'use strict';
const fs = require('fs');
const path = require('path');
const yaml = require('yaml');

const SCHEMAS = {
	'v1/ConfigMap': 'IoK8sApiCoreV1ConfigMap',
	'apps/v1/DaemonSet': 'IoK8sApiAppsV1DaemonSet',
};
// They are not among what the package exports by name.
const SCHEMA_FOLDER = path.join(path.dirname(require.resolve('kubernetes-models/v1')), '../_schemas');
const CAPABILITIES = ['BPF', 'PERFMON', 'SYSLOG'];
let complaints = 0;

function complain(text) {
	console.log(text);
	complaints++;
}

function expect(what, is, wanted) {
	if (JSON.stringify(is) !== JSON.stringify(wanted))
		complain(`${what} is ${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`);
}

// An object that notes in seen which of its keys are looked at, and which of theirs.
function watched(object, where, seen) {
	if (object === null || typeof object !== 'object')
		return object;
	return new Proxy(object, {
		get(target, key) {
			if (typeof key !== 'string' || !Object.hasOwn(target, key))
				return target[key];
			seen.add(`${where}/${key}`);
			return watched(target[key], `${where}/${key}`, seen);
		},
	});
}

function keys(object, where) {
	if (object === null || typeof object !== 'object')
		return [];
	return Object.keys(object).flatMap(
		(key) => [`${where}/${key}`, ...keys(object[key], `${where}/${key}`)]);
}

// The schema says what things must look like. It allows what it does not know, which the
// server then drops: a key that was never looked at is one of those.
function checkSchema(object) {
	const schema = SCHEMAS[`${object.apiVersion}/${object.kind}`];
	const seen = new Set();

	if (!schema) {
		complain(`unknown: ${object.apiVersion} ${object.kind}`);
		return;
	}
	const { validate } = require(path.join(SCHEMA_FOLDER, `${schema}.js`));
	if (!validate(watched(object, '', seen)))
		for (const error of validate.errors)
			complain(`${object.kind}${error.instancePath}: wrong ${error.keyword}, ${JSON.stringify(error.params)}`);
	for (const where of keys(object, ''))
		if (!seen.has(where))
			complain(`${object.kind}${where} is unknown`);
}

// What no schema knows.
function checkPod(pod, configMaps) {
	const volumes = new Map((pod.volumes || []).map((volume) => [volume.name, volume]));

	expect('hostPID', pod.hostPID, true);
	for (const need of ['hostNetwork', 'hostIPC'])
		expect(need, pod[need], undefined);
	expect('the number of containers', pod.containers.length, 1);
	for (const container of pod.containers) {
		const security = container.securityContext || {};
		const mounted = new Set();

		expect('privileged', security.privileged, false);
		expect('allowPrivilegeEscalation', security.allowPrivilegeEscalation, false);
		expect('readOnlyRootFilesystem', security.readOnlyRootFilesystem, true);
		expect('dropped capabilities', security.capabilities.drop, ['ALL']);
		expect('capabilities', [...security.capabilities.add].sort(), CAPABILITIES);
		expect('seccompProfile', security.seccompProfile, { type: 'RuntimeDefault' });
		for (const need of ['cpu', 'memory'])
			if (!container.resources.requests[need])
				complain(`no request of ${need}`);
		if (!container.resources.limits.memory)
			complain('no limit of memory');
		for (const mount of container.volumeMounts) {
			if (!volumes.has(mount.name))
				complain(`there is no volume ${mount.name}`);
			mounted.add(mount.name);
			// Only what dwell writes for others may be written.
			if (mount.name !== 'textfile')
				expect(`readOnly of ${mount.name}`, mount.readOnly, true);
		}
		for (const [name, volume] of volumes) {
			if (!mounted.has(name))
				complain(`volume ${name} is mounted nowhere`);
			if (volume.configMap && !configMaps.has(volume.configMap.name))
				complain(`there is no ConfigMap ${volume.configMap.name}`);
		}
		expect('the textfile directory is on the node', !!volumes.get('textfile')?.hostPath, true);
	}
}

const documents = yaml.parseAllDocuments(fs.readFileSync(process.argv[2], 'utf8'), { strict: true });
const objects = documents.map((document) => {
	for (const problem of [...document.errors, ...document.warnings])
		complain(problem.message);
	return document.toJS();
});
const configMaps = new Set(objects.filter((object) => object.kind === 'ConfigMap').map(
	(object) => object.metadata.name));
objects.forEach(checkSchema);
const sets = objects.filter((object) => object.kind === 'DaemonSet');
expect('the number of DaemonSets', sets.length, 1);
for (const set of sets) {
	const wanted = set.spec.selector.matchLabels;

	for (const [name, value] of Object.entries(wanted))
		expect(`label ${name} of the pods`, set.spec.template.metadata.labels[name], value);
	checkPod(set.spec.template.spec, configMaps);
}
process.exit(complaints ? 1 : 0);
