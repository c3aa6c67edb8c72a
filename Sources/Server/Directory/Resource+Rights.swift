import NIOHTTP1
import Permissions
import Records

extension Resource {
    /// Refuses what an access with limited rights can't be let into as a whole. Records are guarded one by one where SQL is built; what isn't
    /// guarded there is named here, so that a new resource has to be decided about before it compiles.
    func requireRights(_ access: Access, method: HTTPMethod) throws(APIError) {
        guard !access.rights.isUnlimited else { return }
        switch self {
        case .serviceDocument, .metadata, .openAPI, .views, .search, .collection, .count: return
        case .batch: throw .notYetFor("$batch")
        case .bulk: throw .notYetFor("Writing many records with one request")
        case .each: throw .notYetFor("$each")
        case .files, .file: throw .notYetFor("Sending and reading files")
        case .record(_, _, let tail): try tail.requireRights()
        case .platform(let resource): throw resource.refusal
        case .directory(let resource):
            if !resource.isOpen(to: method) { throw .administratorsOnly("Users, teams and their roles") }
        }
    }
}

extension Resource.Tail {
    fileprivate func requireRights() throws(APIError) {
        switch self {
        case .record, .action, .property, .links: return
        case .stream: throw .notYetFor("Sending and reading files")
        case .hop(_, _, let tail), .pick(_, _, _, let tail): try tail.requireRights()
        }
    }
}

extension PlatformResource {
    fileprivate var refusal: APIError {
        switch self {
        case .changeSets, .changeSet, .changes: .notYetFor("Reading change sets")
        case .undo: .notYetFor("Taking change sets back")
        case .imports, .importPlan: .notYetFor("Importing files")
        case .jobs, .job, .jobStatus, .jobCancel: .notYetFor("Background work")
        }
    }
}
