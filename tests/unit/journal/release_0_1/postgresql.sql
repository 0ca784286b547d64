CREATE TABLE public.access (
    seq bigint NOT NULL,
    tenant_id text NOT NULL,
    address text NOT NULL,
    digest text NOT NULL,
    content text NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.access_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.access_seq_seq OWNED BY public.access.seq;
CREATE TABLE public.applied (
    tenant_id text NOT NULL,
    kind text NOT NULL,
    address text NOT NULL,
    path text NOT NULL,
    value text NOT NULL,
    at timestamp with time zone NOT NULL,
    commit_id text
);
CREATE TABLE public.auto_mapping (
    tenant_id text NOT NULL,
    kind text NOT NULL,
    address text NOT NULL,
    trustee text NOT NULL,
    value boolean,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.intents (
    seq bigint NOT NULL,
    id text NOT NULL,
    run_id text NOT NULL,
    tenant_id text NOT NULL,
    kind text NOT NULL,
    address text NOT NULL,
    change_id text NOT NULL,
    path text NOT NULL,
    action text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    requests text NOT NULL,
    step integer NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.intents_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.intents_seq_seq OWNED BY public.intents.seq;
CREATE TABLE public.journal_schema (
    version integer NOT NULL
);
CREATE SEQUENCE public.journal_schema_version_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.journal_schema_version_seq OWNED BY public.journal_schema.version;
CREATE TABLE public.managed (
    tenant_id text NOT NULL,
    kind text NOT NULL,
    address text NOT NULL,
    object_id text,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    forgotten_at timestamp with time zone
);
CREATE TABLE public.outcomes (
    seq bigint NOT NULL,
    intent_id text NOT NULL,
    status text NOT NULL,
    at timestamp with time zone NOT NULL,
    error text,
    request_ids text NOT NULL
);
CREATE SEQUENCE public.outcomes_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.outcomes_seq_seq OWNED BY public.outcomes.seq;
CREATE TABLE public.run_ends (
    run_id text NOT NULL,
    at timestamp with time zone NOT NULL,
    condition text NOT NULL
);
CREATE TABLE public.runs (
    seq bigint NOT NULL,
    id text NOT NULL,
    tenant_id text NOT NULL,
    at timestamp with time zone NOT NULL,
    commit_id text,
    specs_digest text NOT NULL,
    mode text NOT NULL
);
CREATE SEQUENCE public.runs_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.runs_seq_seq OWNED BY public.runs.seq;
ALTER TABLE ONLY public.access ALTER COLUMN seq SET DEFAULT nextval('public.access_seq_seq'::regclass);
ALTER TABLE ONLY public.intents ALTER COLUMN seq SET DEFAULT nextval('public.intents_seq_seq'::regclass);
ALTER TABLE ONLY public.journal_schema ALTER COLUMN version SET DEFAULT nextval('public.journal_schema_version_seq'::regclass);
ALTER TABLE ONLY public.outcomes ALTER COLUMN seq SET DEFAULT nextval('public.outcomes_seq_seq'::regclass);
ALTER TABLE ONLY public.runs ALTER COLUMN seq SET DEFAULT nextval('public.runs_seq_seq'::regclass);
INSERT INTO public.access VALUES (1, '7f1b2c3d-0000-4000-8000-000000000001', 'support@entreprise.example', '6c6630cf6b76670b90dadbe49e8bdff86907075eae6740157e9b2eea719c6b4b', '[{"right":"full-access","who":"alice@entreprise.example"}]', '2026-12-01 12:00:00+00', '2026-12-01 12:00:00+00');
INSERT INTO public.access VALUES (2, '7f1b2c3d-0000-4000-8000-000000000001', 'support@entreprise.example', '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945', '[]', '2026-12-01 13:00:00+00', '2026-12-01 13:00:00+00');
INSERT INTO public.applied VALUES ('7f1b2c3d-0000-4000-8000-000000000001', 'SharedMailbox', 'support@entreprise.example', '["displayName"]', '"B\u00fcro"', '2026-12-01 12:00:00+00', 'c1');
INSERT INTO public.auto_mapping VALUES ('7f1b2c3d-0000-4000-8000-000000000001', 'SharedMailbox', 'support@entreprise.example', 't-1', NULL, '2026-12-01 12:00:00+00');
INSERT INTO public.intents VALUES (1, 'id-2', 'id-1', '7f1b2c3d-0000-4000-8000-000000000001', 'SharedMailbox', 'support@entreprise.example', 'SharedMailbox/support@entreprise.example/displayName', '["displayName"]', 'update', '"Aide"', '"B\u00fcro"', '[{"api":"exchange","call":"Set-Mailbox","parameters":{"DisplayName":"B\u00fcro","Identity":"x"}}]', 0, '2026-12-01 12:00:00+00');
INSERT INTO public.intents VALUES (2, 'id-3', 'id-1', '7f1b2c3d-0000-4000-8000-000000000001', 'SharedMailbox', 'support@entreprise.example', 'SharedMailbox/support@entreprise.example/mailTip', '["mailTip"]', 'update', 'null', '"Bonjour"', '[{"api":"exchange","call":"Set-Mailbox","parameters":{"DisplayName":"Bonjour","Identity":"x"}}]', 0, '2026-12-01 12:00:00+00');
INSERT INTO public.intents VALUES (3, 'id-4', 'id-1', '7f1b2c3d-0000-4000-8000-000000000001', 'SharedMailbox', 'support@entreprise.example', 'SharedMailbox/support@entreprise.example/language', '["language"]', 'update', '"de-DE"', '"fr-FR"', '[{"api":"exchange","call":"Set-Mailbox","parameters":{"DisplayName":"fr-FR","Identity":"x"}}]', 0, '2026-12-01 13:00:00+00');
INSERT INTO public.intents VALUES (4, 'id-6', 'id-5', '7f1b2c3d-0000-4000-8000-000000000002', 'SharedMailbox', 'support@entreprise.example', 'SharedMailbox/support@entreprise.example/displayName', '["displayName"]', 'update', '"a"', '"b"', '[{"api":"exchange","call":"Set-Mailbox","parameters":{"DisplayName":"b","Identity":"x"}}]', 0, '2026-12-01 13:00:00+00');
INSERT INTO public.journal_schema VALUES (1);
INSERT INTO public.managed VALUES ('7f1b2c3d-0000-4000-8000-000000000001', 'SharedMailbox', 'support@entreprise.example', 'o-1', '2026-12-01 12:00:00+00', '2026-12-01 12:00:00+00', NULL);
INSERT INTO public.outcomes VALUES (1, 'id-2', 'propagating', '2026-12-01 12:00:00+00', NULL, '["r1"]');
INSERT INTO public.outcomes VALUES (2, 'id-2', 'applied', '2026-12-01 13:00:00+00', NULL, '["r1"]');
INSERT INTO public.outcomes VALUES (3, 'id-3', 'failed', '2026-12-01 12:00:00+00', 'denied', '["r2"]');
INSERT INTO public.outcomes VALUES (4, 'id-6', 'applied', '2026-12-01 13:00:00+00', NULL, '[]');
INSERT INTO public.run_ends VALUES ('id-1', '2026-12-01 13:00:00+00', 'degraded');
INSERT INTO public.runs VALUES (1, 'id-1', '7f1b2c3d-0000-4000-8000-000000000001', '2026-12-01 12:00:00+00', 'c1', 'sha256:01', 'apply');
INSERT INTO public.runs VALUES (2, 'id-5', '7f1b2c3d-0000-4000-8000-000000000002', '2026-12-01 13:00:00+00', NULL, 'sha256:02', 'apply');
SELECT pg_catalog.setval('public.access_seq_seq', 2, true);
SELECT pg_catalog.setval('public.intents_seq_seq', 4, true);
SELECT pg_catalog.setval('public.journal_schema_version_seq', 1, false);
SELECT pg_catalog.setval('public.outcomes_seq_seq', 4, true);
SELECT pg_catalog.setval('public.runs_seq_seq', 2, true);
ALTER TABLE ONLY public.access
    ADD CONSTRAINT access_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.applied
    ADD CONSTRAINT applied_pkey PRIMARY KEY (tenant_id, kind, address, path);
ALTER TABLE ONLY public.auto_mapping
    ADD CONSTRAINT auto_mapping_pkey PRIMARY KEY (tenant_id, kind, address, trustee);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_id_key UNIQUE (id);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.journal_schema
    ADD CONSTRAINT journal_schema_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.managed
    ADD CONSTRAINT managed_pkey PRIMARY KEY (tenant_id, kind, address);
ALTER TABLE ONLY public.outcomes
    ADD CONSTRAINT outcomes_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.run_ends
    ADD CONSTRAINT run_ends_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_id_key UNIQUE (id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (seq);
CREATE INDEX access_by_address ON public.access USING btree (tenant_id, address, first_seen);
CREATE INDEX intents_by_resource ON public.intents USING btree (tenant_id, address);
CREATE INDEX ix_intents_run_id ON public.intents USING btree (run_id);
CREATE INDEX ix_outcomes_intent_id ON public.outcomes USING btree (intent_id);
CREATE INDEX ix_runs_tenant_id ON public.runs USING btree (tenant_id);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id);
ALTER TABLE ONLY public.outcomes
    ADD CONSTRAINT outcomes_intent_id_fkey FOREIGN KEY (intent_id) REFERENCES public.intents(id);
ALTER TABLE ONLY public.run_ends
    ADD CONSTRAINT run_ends_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id);
