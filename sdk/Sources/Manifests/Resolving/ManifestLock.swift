/// What a deployment was composed of, as `tessera.lock` keeps it: commit it, so that the same composition comes up everywhere.
public struct ManifestLock: Sendable, Hashable {
    /// A module in the lock.
    public struct Module: Sendable, Hashable {
        /// The id.
        public let id: String
        /// The version.
        public let version: SemanticVersion
        /// The SHA-256 digest of the manifest file, 64 hexadecimal digits in lower case.
        public let sha256: String
        /// Where the lock file says so; the lock itself for a lock that was made from a composition.
        public let location: SourceLocation
    }

    /// The name of the deployment.
    public let deployment: String
    /// The modules by id.
    public let modules: [Module]

    /// The lock of a composition.
    public init(_ composition: Composition) {
        deployment = composition.deployment.name.value
        modules = composition.modules.map { module in
            Module(
                id: module.manifest.id.value, version: module.manifest.version.value, sha256: module.sha256,
                location: module.manifest.location)
        }.sorted { $0.id < $1.id }
    }

    private init(deployment: String, modules: [Module]) {
        self.deployment = deployment
        self.modules = modules
    }

    /// Reads a lock file.
    public static func parse(_ source: ManifestSource) -> Parsed<ManifestLock> {
        let file = CheckedFile(source, as: .lock)
        guard let root = file.root, let deployment = root.text("deployment") else {
            return Parsed(manifest: nil, diagnostics: file.diagnostics)
        }
        let modules = root.map("modules").compactMap { entry -> Module? in
            guard let object = entry.object, let version = file.version(object), let sha256 = object.text("sha256") else { return nil }
            return Module(id: entry.key.value, version: version.value, sha256: sha256, location: entry.key.location)
        }
        return Parsed(
            manifest: ManifestLock(deployment: deployment, modules: modules.sorted { $0.id < $1.id }), diagnostics: file.diagnostics)
    }

    /// The text of the lock file: always the same for the same composition.
    public var yaml: String {
        var text = "# What this deployment is composed of. Written by Tessera; commit it.\nlock: 1\ndeployment: \(deployment)\n"
        guard !modules.isEmpty else { return text + "modules: {}\n" }
        text += "modules:\n"
        for module in modules {
            text += "  \(module.id):\n    version: \"\(module.version)\"\n    sha256: \"\(module.sha256)\"\n"
        }
        return text
    }

    /// Reports where what is there now differs from what was locked.
    ///
    /// - Parameters:
    ///   - composition: what is there now.
    ///   - path: the path of the lock file, for findings about modules that it doesn't have.
    /// - Returns: an error for each module that is new, gone, of another version or of another content; nothing when all is the same.
    public func differences(from composition: Composition, lockPath path: String) -> [Diagnostic] {
        let now = ManifestLock(composition)
        let start = SourceLocation(file: path, line: 1, column: 1)
        var found: [Diagnostic] = []
        func report(_ location: SourceLocation, _ message: String) {
            found.append(Diagnostic(code: .lockDiffers, location: location, message: message + "; lock anew if this is meant"))
        }
        if deployment != now.deployment { report(start, "the lock is of the deployment '\(deployment)', not of '\(now.deployment)'") }
        for locked in modules {
            guard let module = now.modules.first(where: { $0.id == locked.id }) else {
                report(locked.location, "the module '\(locked.id)' is locked, but no longer in the deployment")
                continue
            }
            if module.version != locked.version || module.version.build != locked.version.build {
                report(locked.location, "the module '\(locked.id)' is locked at \(locked.version), but \(module.version) is there")
            } else if module.sha256 != locked.sha256 {
                report(locked.location, "the manifest of '\(locked.id)' \(locked.version) has changed since it was locked")
            }
        }
        for module in now.modules where !modules.contains(where: { $0.id == module.id }) {
            report(start, "the module '\(module.id)' \(module.version) is not in the lock")
        }
        return found
    }
}
