BEGIN TRANSACTION;
CREATE TABLE access (
	seq INTEGER NOT NULL,
	tenant_id TEXT NOT NULL,
	address TEXT NOT NULL,
	digest TEXT NOT NULL,
	content TEXT NOT NULL,
	first_seen DATETIME NOT NULL,
	last_seen DATETIME NOT NULL,
	PRIMARY KEY (seq)
);
INSERT INTO "access" VALUES(1,'7f1b2c3d-0000-4000-8000-000000000001','support@entreprise.example','6c6630cf6b76670b90dadbe49e8bdff86907075eae6740157e9b2eea719c6b4b','[{"right":"full-access","who":"alice@entreprise.example"}]','2026-12-01 12:00:00.000000','2026-12-01 12:00:00.000000');
INSERT INTO "access" VALUES(2,'7f1b2c3d-0000-4000-8000-000000000001','support@entreprise.example','4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945','[]','2026-12-01 13:00:00.000000','2026-12-01 13:00:00.000000');
CREATE TABLE applied (
	tenant_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	address TEXT NOT NULL,
	path TEXT NOT NULL,
	value TEXT NOT NULL,
	at DATETIME NOT NULL,
	commit_id TEXT,
	PRIMARY KEY (tenant_id, kind, address, path)
);
INSERT INTO "applied" VALUES('7f1b2c3d-0000-4000-8000-000000000001','SharedMailbox','support@entreprise.example','["displayName"]','"B\u00fcro"','2026-12-01 12:00:00.000000','c1');
CREATE TABLE auto_mapping (
	tenant_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	address TEXT NOT NULL,
	trustee TEXT NOT NULL,
	value BOOLEAN,
	at DATETIME NOT NULL,
	PRIMARY KEY (tenant_id, kind, address, trustee)
);
INSERT INTO "auto_mapping" VALUES('7f1b2c3d-0000-4000-8000-000000000001','SharedMailbox','support@entreprise.example','t-1',NULL,'2026-12-01 12:00:00.000000');
CREATE TABLE intents (
	seq INTEGER NOT NULL,
	id TEXT NOT NULL,
	run_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	address TEXT NOT NULL,
	change_id TEXT NOT NULL,
	path TEXT NOT NULL,
	action TEXT NOT NULL,
	"before" TEXT NOT NULL,
	"after" TEXT NOT NULL,
	requests TEXT NOT NULL,
	step INTEGER NOT NULL,
	at DATETIME NOT NULL,
	PRIMARY KEY (seq),
	UNIQUE (id),
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "intents" VALUES(1,'id-2','id-1','7f1b2c3d-0000-4000-8000-000000000001','SharedMailbox','support@entreprise.example','SharedMailbox/support@entreprise.example/displayName','["displayName"]','update','"Aide"','"B\u00fcro"','[{"api":"exchange","call":"Set-Mailbox","parameters":{"DisplayName":"B\u00fcro","Identity":"x"}}]',0,'2026-12-01 12:00:00.000000');
INSERT INTO "intents" VALUES(2,'id-3','id-1','7f1b2c3d-0000-4000-8000-000000000001','SharedMailbox','support@entreprise.example','SharedMailbox/support@entreprise.example/mailTip','["mailTip"]','update','null','"Bonjour"','[{"api":"exchange","call":"Set-Mailbox","parameters":{"DisplayName":"Bonjour","Identity":"x"}}]',0,'2026-12-01 12:00:00.000000');
INSERT INTO "intents" VALUES(3,'id-4','id-1','7f1b2c3d-0000-4000-8000-000000000001','SharedMailbox','support@entreprise.example','SharedMailbox/support@entreprise.example/language','["language"]','update','"de-DE"','"fr-FR"','[{"api":"exchange","call":"Set-Mailbox","parameters":{"DisplayName":"fr-FR","Identity":"x"}}]',0,'2026-12-01 13:00:00.000000');
INSERT INTO "intents" VALUES(4,'id-6','id-5','7f1b2c3d-0000-4000-8000-000000000002','SharedMailbox','support@entreprise.example','SharedMailbox/support@entreprise.example/displayName','["displayName"]','update','"a"','"b"','[{"api":"exchange","call":"Set-Mailbox","parameters":{"DisplayName":"b","Identity":"x"}}]',0,'2026-12-01 13:00:00.000000');
CREATE TABLE journal_schema (
	version INTEGER NOT NULL,
	PRIMARY KEY (version)
);
INSERT INTO "journal_schema" VALUES(1);
CREATE TABLE managed (
	tenant_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	address TEXT NOT NULL,
	object_id TEXT,
	first_at DATETIME NOT NULL,
	last_at DATETIME NOT NULL,
	forgotten_at DATETIME,
	PRIMARY KEY (tenant_id, kind, address)
);
INSERT INTO "managed" VALUES('7f1b2c3d-0000-4000-8000-000000000001','SharedMailbox','support@entreprise.example','o-1','2026-12-01 12:00:00.000000','2026-12-01 12:00:00.000000',NULL);
CREATE TABLE outcomes (
	seq INTEGER NOT NULL,
	intent_id TEXT NOT NULL,
	status TEXT NOT NULL,
	at DATETIME NOT NULL,
	error TEXT,
	request_ids TEXT NOT NULL,
	PRIMARY KEY (seq),
	FOREIGN KEY(intent_id) REFERENCES intents (id)
);
INSERT INTO "outcomes" VALUES(1,'id-2','propagating','2026-12-01 12:00:00.000000',NULL,'["r1"]');
INSERT INTO "outcomes" VALUES(2,'id-2','applied','2026-12-01 13:00:00.000000',NULL,'["r1"]');
INSERT INTO "outcomes" VALUES(3,'id-3','failed','2026-12-01 12:00:00.000000','denied','["r2"]');
INSERT INTO "outcomes" VALUES(4,'id-6','applied','2026-12-01 13:00:00.000000',NULL,'[]');
CREATE TABLE run_ends (
	run_id TEXT NOT NULL,
	at DATETIME NOT NULL,
	condition TEXT NOT NULL,
	PRIMARY KEY (run_id),
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "run_ends" VALUES('id-1','2026-12-01 13:00:00.000000','degraded');
CREATE TABLE runs (
	seq INTEGER NOT NULL,
	id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	at DATETIME NOT NULL,
	commit_id TEXT,
	specs_digest TEXT NOT NULL,
	mode TEXT NOT NULL,
	PRIMARY KEY (seq),
	UNIQUE (id)
);
INSERT INTO "runs" VALUES(1,'id-1','7f1b2c3d-0000-4000-8000-000000000001','2026-12-01 12:00:00.000000','c1','sha256:01','apply');
INSERT INTO "runs" VALUES(2,'id-5','7f1b2c3d-0000-4000-8000-000000000002','2026-12-01 13:00:00.000000',NULL,'sha256:02','apply');
CREATE INDEX ix_runs_tenant_id ON runs (tenant_id);
CREATE INDEX access_by_address ON access (tenant_id, address, first_seen);
CREATE INDEX intents_by_resource ON intents (tenant_id, address);
CREATE INDEX ix_intents_run_id ON intents (run_id);
CREATE INDEX ix_outcomes_intent_id ON outcomes (intent_id);
COMMIT;
