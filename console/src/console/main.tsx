import { startSession } from "../sign-in/session";
const session = await startSession();
document.body.textContent = `hello ${session.username}`;
