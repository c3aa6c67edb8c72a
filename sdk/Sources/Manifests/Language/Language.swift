/// The language of manifests: every kind of mapping with its keys, their values, and what they mean.
///
/// The decoder, the JSON Schema and the reference all read this description and nothing else, so that they can't differ.
enum Language {
    static let maxFields = 400

    static func shape(_ name: ObjectShape.Name) -> ObjectShape {
        // INVARIANT: `byName` has an entry for every name; a test walks them all. The empty shape accepts nothing.
        byName[name] ?? ObjectShape(name, "", [])
    }

    private static let byName: [ObjectShape.Name: ObjectShape] = {
        let all = files + imports + moduleParts + reactions + ranges + recordTypeParts + fieldShapes + additions + deploymentParts
        return Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
    }()

    // MARK: Files

    private static let files: [ObjectShape] = [
        ObjectShape(
            .module,
            """
            A module manifest: everything that exists once a deployment names the module. One file per module, found in the manifest folders by \
            its `id`.
            """,
            [
                .required("manifest", .constant(1), "The version of the manifest language."),
                .required(
                    "id", .word(.ownModuleID),
                    "The id of the module, never used for another. It is the namespace of its types and the name of its database schema."),
                .required("version", .word(.semanticVersion), "The version of the module, by Semantic Versioning 2.0.0."),
                .required("name", .text(.label), "What people call the module."),
                .optional("description", .text(.prose), "What it does."),
                .optional("publisher", .text(.label), "Who makes it."),
                .optional("license", .text(.label), "Its licence, as an SPDX expression."),
                .optional("platform", .word(.versionRange), default: "`*`", "The versions of Tessera that it runs on."),
                .optional("run", .object(.run), default: "`{ mode: data }`", "How its code is run."),
                .optional(
                    "requires", .map(key: .moduleID, of: .word(.versionRange), count: 0...100),
                    "The modules that must be there, with the versions that will do. Only their types can be linked to and extended."),
                .optional("settings", .map(key: .key, of: .object(.setting), count: 0...200), "The settings that a deployment may give."),
                .optional("types", .map(key: .key, of: .object(.recordType), count: 0...200), "The record types, by key."),
                .optional(
                    "extends", .map(key: .typeReference, of: .object(.typeExtension), count: 0...200),
                    "What it adds to record types of other modules, by `module.type`."),
                .optional("views", .map(key: .key, of: .object(.view), count: 0...500), "Saved lists that it brings, by key."),
                .optional("roles", .map(key: .key, of: .object(.role), count: 0...100), "Roles that it brings, by key."),
                .optional(
                    "events", .map(key: .key, of: .object(.event), count: 0...200),
                    "Events that it publishes beside the changes of its records, by key."),
                .optional(
                    "subscriptions", .map(key: .key, of: .object(.subscription), count: 0...200),
                    "What its code does when records change, by key."),
            ]),
        ObjectShape(
            .deployment, "A deployment file: which modules run, with which settings, and what the integrator adds.",
            [
                .required("deployment", .constant(1), "The version of the deployment language."),
                .required("name", .word(.deploymentName), "The name of the deployment."),
                .optional("description", .text(.prose), "What it is for."),
                .optional(
                    "modules", .map(key: .moduleID, of: .object(.moduleSelection), count: 0...200),
                    "The modules, by id. What isn't named is not loaded: no tables, no routes, no menu."),
                .optional("currency", .word(.currency), default: "`USD`", "The currency of amounts that name none (ISO 4217)."),
                .optional(
                    "time_zone", .word(.timeZone), default: "`UTC`",
                    "The time zone of `today`, of automatic numbers and of people who chose none (IANA)."),
                .optional(
                    "limits", .object(.limits),
                    "What one client may ask of the server. The options of `tessera serve` come first."),
                .optional(
                    "paths", .list(of: .text(.path), count: 1...20, isDistinct: true), default: "`[manifests]`",
                    "Folders to look for module manifests in, relative to the deployment file."),
                .optional("overlay", .object(.overlay), "What the integrator adds, written into this file."),
                .optional(
                    "overlays", .list(of: .text(.path), count: 1...100, isDistinct: true),
                    "Overlay files, relative to the deployment file, applied in this order after `overlay`."),
            ]),
        ObjectShape(
            .limits, "What one client may ask of a server. Told in the answers' headers; beyond it they are `429`.",
            [
                .optional(
                    "rate", .word(.rate), default: "none",
                    "How many requests each principal may send in so many seconds: `600/60`. They may come at once; the room fills up evenly."
                ),
                .optional(
                    "rates", .map(key: .principal, of: .word(.rate), count: 1...1_000),
                    "Other rates for some principals, by their ids as `tessera token list` shows them."),
            ], needsSome: true),
        ObjectShape(
            .overlayFile, "An overlay in a file of its own, named by a deployment's `overlays`.",
            [.required("overlay", .object(.overlay), "What the integrator adds.")]),
        ObjectShape(
            .lock,
            """
            The lock, `<deployment>.tessera.lock`: what a deployment was composed of. Written by the resolver; commit it, so that the same composition comes \
            up everywhere and a difference is seen.
            """,
            [
                .required("lock", .constant(1), "The version of the lock's form."),
                .required("deployment", .word(.deploymentName), "The name of the deployment."),
                .required("modules", .map(key: .moduleID, of: .object(.lockedModule), count: 0...200), "The modules, by id."),
            ]),
        ObjectShape(
            .lockedModule, "A module in the lock.",
            [
                .required("version", .word(.semanticVersion), "Its version."),
                .required("sha256", .word(.sha256), "The SHA-256 digest of its manifest file."),
            ]),
    ]

    // MARK: Imports

    private static let imports: [ObjectShape] = [
        ObjectShape(
            .importMapping,
            "How the columns of a CSV file become records. `tessera import --save-mapping` writes one to correct; `--mapping` reads it.",
            [
                .required("import", .constant(1), "The version of the mapping's form."),
                .required("collection", .word(.key), "The collection that the records go into."),
                .optional(
                    "match", .list(of: .word(.key), count: 1...10, isDistinct: true), default: "none: every row is a new record",
                    "The properties that tell whether a record is there already; it is changed then."),
                .required(
                    "columns", .list(of: .object(.importColumn), count: 1...2000, isDistinct: false),
                    "The columns of the file that are read. Others are left out."),
            ]),
        ObjectShape(
            .importColumn, "A column of the file.",
            [
                .required("header", .text(.content), "Its header, as it stands in the file."),
                .required(
                    "to", .text(.label),
                    """
                    The property that it fills: `last_name`, `address/city`, `emails/work` for an entry of that kind, `organisation/name` for a link by \
                    a property of the other record, `full_name` for a name that is taken apart into the fields with `vcard: n/given` and `n/family`.
                    """),
                .optional("format", .text(.label), default: "recognised", "How dates or numbers are written: `d.m.y`, `1.234,5`."),
                .optional("currency", .word(.currency), default: "the deployment's", "The currency of amounts that name none (ISO 4217)."),
                .optional("zone", .word(.timeZone), default: "the deployment's", "The time zone of moments that name none."),
                .optional(
                    "replace", .boolean, default: "`false`",
                    """
                    Whether a row has the whole list of emails, phones or links of a record that is changed; else its entries join those that the \
                    record has.
                    """),
            ]),
    ]

    // MARK: Parts of a module

    private static let moduleParts: [ObjectShape] = [
        ObjectShape(
            .run, "How a module's code is run.", [],
            variants: VariantShape(
                discriminator: "mode", doc: "How it is run.",
                cases: [
                    .init(word: "data", doc: "Manifest only, no code.", properties: [], without: []),
                    .init(
                        word: "library", doc: "A Swift dynamic library, loaded when the server starts.",
                        properties: [.required("library", .word(.libraryName), "The library, without `lib` and `.so`.")], without: []),
                ])),
        ObjectShape(
            .setting, "A setting of a module. A required one has no default, and secrets never stand in a file.",
            [
                .optional("label", .text(.label), default: "from the key", "What it is called."),
                .optional("description", .text(.prose), "What it does."),
                .optional("required", .boolean, default: "`false`", "Whether a deployment must give it."),
            ],
            variants: VariantShape(
                discriminator: "type", doc: "The type of the value.",
                cases: [
                    .init(
                        word: "text", doc: "Text.",
                        properties: textLimits + [.optional("default", .text(.content), "The value when none is given.")], without: []),
                    .init(
                        word: "integer", doc: "A whole number of 64 bits.",
                        properties: [integerRange, .optional("default", .integer(.min ... .max), "The value when none is given.")],
                        without: []),
                    .init(
                        word: "decimal", doc: "A decimal number.",
                        properties: decimalLimits + [.optional("default", .decimal, "The value when none is given.")], without: []),
                    .init(
                        word: "boolean", doc: "`true` or `false`.",
                        properties: [.optional("default", .boolean, "The value when none is given.")], without: []),
                    .init(
                        word: "duration", doc: "A length of time such as `PT30S`.",
                        properties: [durationRange, .optional("default", .word(.duration), "The value when none is given.")], without: []),
                    .init(
                        word: "choice", doc: "One of a list of choices.",
                        properties: [choices, .optional("default", .word(.key), "The value when none is given.")], without: []),
                    .init(
                        word: "secret", doc: "A password or key, which a deployment takes from the environment or from a file.",
                        properties: [], without: []),
                ]), contradictions: [("required", "default")]),
        ObjectShape(
            .view, "A saved list.",
            [
                .required("type", .word(.typeReference), "The record type that is listed."),
                .optional("label", .text(.label), default: "from the key", "What the view is called."),
                .optional("description", .text(.prose), "What it is for."),
                .required(
                    "columns", .list(of: .word(.fieldPath), count: 1...50, isDistinct: true),
                    "The fields to show, in order; over links with `/`: `organisation/name`."),
                .optional("filter", .text(.expression), "The condition on the records (expression language)."),
                .optional("order", .text(.expression), "The order, as in `orderby`: `last_name, created_at desc`."),
            ]),
        ObjectShape(
            .role, "A role that a module brings, for administrators to give to users.",
            [
                .optional("label", .text(.label), default: "from the key", "What the role is called."),
                .optional("description", .text(.prose), "What it is for."),
                .optional("grants", .map(key: .typeReference, of: .object(.grant), count: 0...200), "What it allows, by record type."),
                .optional(
                    "may", .list(of: .keyword(abilities), count: 1...10, isDistinct: true), default: "nothing",
                    "What its holders may do that isn't done with records of a type."),
            ]),
        ObjectShape(
            .grant, "What a role allows on the records of one type.",
            [
                .optional("read", .keyword(scopes), default: "`none`", "Whose records may be read."),
                .optional("create", .keyword(scopes), default: "`none`", "For whom records may be created."),
                .optional("update", .keyword(scopes), default: "`none`", "Whose records may be changed."),
                .optional("delete", .keyword(scopes), default: "`none`", "Whose records may be deleted."),
                .optional("restore", .keyword(scopes), default: "as `delete`", "Whose deleted records may be restored."),
                .optional("purge", .keyword(scopes), default: "`none`", "Whose records may be removed for good."),
                .optional("export", .keyword(scopes), default: "as `read`", "Whose records may be exported."),
                .optional("import", .keyword(scopes), default: "as `create`", "For whom records may be imported."),
                .optional("bulk", .keyword(scopes), default: "as `update`", "Whose records may be changed with others by one request."),
                .optional("merge", .keyword(scopes), default: "`none`", "Whose records may be merged."),
                .optional("share", .keyword(scopes), default: "`none`", "Whose records may be shared with others."),
                .optional("assign", .keyword(scopes), default: "as `create`", "Who may be made the owner of a record."),
                .optional(
                    "fields", .map(key: .key, of: .object(.fieldGrant), count: 0...400),
                    "Fields that are seen or changed on fewer records than the rest, by key."),
                .optional(
                    "allow", .map(key: .key, of: .object(.allowance), count: 0...50),
                    "Records that the role covers beyond its scopes, by a key of your choice."),
                .optional(
                    "only", onlyRules,
                    "Conditions outside of which its holders reach nothing of the type, whatever other roles they have, by a key of your choice."
                ),
            ]),
        ObjectShape(
            .allowance, "Records that a role covers because a condition is true of them, whoever owns them.",
            [
                .required(
                    "when", .text(.expression),
                    "The condition (expression language), over values of the record itself and `$user`: `status eq 'open' and owner_id in $user/teams`."
                ),
                .optional(
                    "actions", .list(of: .keyword(actions), count: 1...12, isDistinct: true), default: "`[read]`",
                    "What may be done with them. Actions of which the role says nothing else follow as the scopes do."),
            ]),
        ObjectShape(
            .onlyRule,
            "A condition that has to be true of a record beside everything else that covers it. Administrators alone are exempt.",
            [
                .required(
                    "when", .text(.expression),
                    "The condition (expression language), over values of the record itself and `$user`: `confidential ne true or owner_id eq $user/id`."
                ),
                .optional(
                    "actions", .list(of: .keyword(actions), count: 1...12, isDistinct: true), default: "all of them",
                    "What can be done only then."),
            ]),
        ObjectShape(
            .fieldGrant, "What a role allows with one field.",
            [
                .optional("read", .keyword(scopes), default: "as the record's", "On whose records the field is seen."),
                .optional(
                    "update", .keyword(scopes), default: "as the record's",
                    "On whose records the field is written, among those that are changed or made."),
            ], needsSome: true),
        ObjectShape(
            .event, "An event that a module publishes. Its type is `module.key`.",
            [
                .optional("label", .text(.label), default: "from the key", "What the event is called."),
                .optional("description", .text(.prose), "When it is published."),
                .optional("fields", .map(key: .key, of: .object(.eventField), count: 0...100), "What it carries, by key."),
            ]),
    ]

    private static let abilities: [Keyword] = [
        Keyword(
            word: RoleDeclaration.audit,
            doc:
                "See who changed what, as far as they may read it, and why somebody may: everybody's change sets, roles, explanations of access."
        ),
        Keyword(
            word: RoleDeclaration.users,
            doc: "Keep users, services, teams and roles, as far as what they may do themselves goes: nobody gives what they don't have."
        ),
    ]

    static let onlyRules = ValueShape.map(key: .key, of: .object(.onlyRule), count: 0...50)

    private static let actions: [Keyword] = AccessRuleDeclaration.actions.map { Keyword(word: $0, doc: "") }

    private static let scopes: [Keyword] = [
        Keyword(word: "none", doc: "Nobody's."),
        Keyword(word: "own", doc: "The user's own."),
        Keyword(word: "team", doc: "Those of the user's teams."),
        Keyword(word: "subtree", doc: "Those of the user's teams and the teams below."),
        Keyword(word: "shared", doc: "Those shared with the user."),
        Keyword(word: "all", doc: "Everybody's."),
    ]

    /// Words that a later version will know, and what to say to those who use them already.
    static let planned: [ObjectShape.Name: [String: String]] = [
        .run: ["process": "mode 'process' is not supported yet; use library or data"]
    ]

    /// What other languages call our words.
    static let synonyms: [String: String] = [
        "string": "text", "varchar": "text", "str": "text", "markdown": "long_text", "textarea": "long_text", "int": "integer",
        "number": "decimal",
        "float": "decimal", "numeric": "decimal", "currency": "money", "bool": "boolean", "checkbox": "boolean", "timestamp": "date_time",
        "interval": "duration", "enum": "choice", "select": "choice", "picklist": "choice", "multi_select": "multi_choice",
        "email": "emails",
        "phone": "phones", "uri": "url", "reference": "link", "lookup": "link", "many_to_many": "links", "polymorphic": "link_any",
        "attachment": "file", "object": "json", "autonumber": "auto_number", "sequence": "auto_number", "password": "secret",
        "gray": "grey",
        "everything": "all", "everyone": "all", "nothing": "none", "delete": "cascade", "set_null": "clear",
    ]

    // MARK: Parts of a deployment

    private static let deploymentParts: [ObjectShape] = [
        ObjectShape(
            .moduleSelection, "A module that a deployment names.",
            [
                .optional(
                    "version", .word(.versionRange), default: "`*`", "The versions that will do; the highest that is found is taken."),
                .optional(
                    "settings", .map(key: .key, of: .either(scalar: .text(.content), object: .secretSource), count: 0...200),
                    "Its settings, by key, as its manifest declares them. Only secrets are `{ env: NAME }` or `{ file: PATH }`."
                ),
            ]),
        ObjectShape(
            .secretSource, "Where a secret is read from when the server starts.",
            [
                .optional("env", .word(.environmentName), "An environment variable."),
                .optional("file", .text(.path), "A file, without the line break at its end; relative to the deployment file."),
            ], needsExactlyOne: true),
        ObjectShape(
            .overlay,
            """
            What an integrator adds without touching a module: record types of their own, which live under the id `custom` (`custom.project`), \
            and fields, choices and labels for the modules' types.
            """,
            [
                .optional(
                    "types", .map(key: .key, of: .object(.recordType), count: 0...200), "Record types of the integrator's own, by key."),
                .optional(
                    "extends", .map(key: .typeReference, of: .object(.typeExtension), count: 0...200),
                    "What is added to record types of modules, by `module.type`."),
                .optional("views", .map(key: .key, of: .object(.view), count: 0...500), "Saved lists, by key."),
                .optional("roles", .map(key: .key, of: .object(.role), count: 0...100), "Roles, by key."),
                .optional(
                    "subscriptions", .map(key: .key, of: .object(.subscription), count: 0...200),
                    "Further occasions for what modules' code does when records change, by key."),
            ], needsSome: true),
    ]
}
