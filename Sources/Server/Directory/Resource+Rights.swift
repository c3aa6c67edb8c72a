import Catalog
import NIOHTTP1
import Permissions
import Records

extension Resource {
    /// Refuses what an access with limited rights can't be let into as a whole. Records are guarded one by one where SQL is built; what isn't
    /// guarded there is named here, so that a new resource has to be decided about before it compiles.
    func requireRights(_ access: Access, method: HTTPMethod) throws(APIError) {
        guard !access.rights.isUnlimited else { return }
        switch self {
        case .serviceDocument, .metadata, .openAPI, .views, .search, .collection, .count, .bulk, .each, .record: return
        // Its requests come here one by one.
        case .batch: return
        // A file is read by whoever may read a record that refers to it, and by whom it was sent from until one does.
        case .files, .file: return
        // Of these everybody has their own; others' are answered as if there were none.
        case .platform(let resource):
            if resource.isForAdministrators { throw .administratorsOnly("The event log") }
        case .directory(let resource):
            if access.rights.may(.audit), resource.isAudited(by: method) { return }
            if access.rights.may(.users), resource.isKept { return }
            if !resource.isOpen(to: method) { throw .administratorsOnly("Users, teams and their roles") }
        }
    }
}
