/** The console's shell: what stands around every page, and which page the address names. */

import AppLayout from "@cloudscape-design/components/app-layout";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { I18nProvider, type I18nProviderProps } from "@cloudscape-design/components/i18n";
import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { Component, type ReactNode, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { Route, Router, Switch } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import type { Api } from "../../api/client";
import { chooseLanguage, type Language, LANGUAGE_NAMES, LANGUAGES } from "../../languages/language";
import { shellTexts } from "../../languages/shell";
import type { Session } from "../../sign-in/session";
import { addresses, href } from "./addresses";
import { type Console, ConsoleContext, useConsole, useLanguage, useMe } from "./console";
import { NoPage } from "./no-page";
import { type Crumb, PathContext } from "./page";
import { PAGES } from "./pages";
import { ProblemAlert } from "./problems";

/** The design system's own texts. */
const MESSAGES: Record<Language, () => Promise<{ default: I18nProviderProps.Messages }>> = {
  en: () => import("@cloudscape-design/components/i18n/messages/all.en"),
  de: () => import("@cloudscape-design/components/i18n/messages/all.de"),
};

const ROOM_FOR_NAVIGATION = "(min-width: 1001px)";

export function App({ api, session }: { readonly api: Api; readonly session: Session }): ReactNode {
  const language = useLanguage();
  const messages = useMessages(language);
  const [notices, setNotices] = useState<readonly FlashbarProps.MessageDefinition[]>([]);
  const notify = useCallback((notice: FlashbarProps.MessageDefinition) => {
    const id = notice.id ?? crypto.randomUUID();
    const dismiss = (): void => setNotices((shown) => shown.filter((each) => each.id !== id));
    const shown = { dismissible: true, dismissLabel: shellTexts().close, onDismiss: dismiss, ...notice, id };
    setNotices((before) => [shown, ...before.filter((each) => each.id !== id)].slice(0, 5));
  }, []);
  const console = useMemo<Console>(() => ({ api, session, notify }), [api, session, notify]);
  if (messages === undefined) return <Spinner size="large" />;
  return (
    <I18nProvider locale={language} messages={[messages]}>
      <ConsoleContext value={console}>
        <Router hook={useHashLocation}>
          <Frame notices={notices} />
        </Router>
      </ConsoleContext>
    </I18nProvider>
  );
}

function useMessages(language: Language): I18nProviderProps.Messages | undefined {
  const [loaded, setLoaded] = useState<I18nProviderProps.Messages>();
  useEffect(() => {
    document.documentElement.lang = language;
    let isCurrent = true;
    void MESSAGES[language]().then(({ default: messages }) => isCurrent && setLoaded(messages));
    return () => {
      isCurrent = false;
    };
  }, [language]);
  return loaded;
}

function Frame({ notices }: { readonly notices: readonly FlashbarProps.MessageDefinition[] }): ReactNode {
  const words = shellTexts();
  const [location] = useHashLocation();
  const [path, setPath] = useState<readonly Crumb[]>([]);
  const [isNavigationOpen, setNavigationOpen] = useNavigation();
  const labels = {
    navigation: words.navigation,
    navigationToggle: words.navigation,
    navigationClose: words.close,
    notifications: words.notices,
  };
  return (
    <>
      <div id="top">
        <Top />
      </div>
      <AppLayout
        headerSelector="#top"
        ariaLabels={labels}
        navigation={<Navigation location={location} />}
        navigationOpen={isNavigationOpen}
        onNavigationChange={({ detail }) => setNavigationOpen(detail.open)}
        breadcrumbs={<BreadcrumbGroup items={path} ariaLabel={words.breadcrumbs} />}
        notifications={<Flashbar items={notices} stackItems={notices.length > 2} />}
        stickyNotifications
        toolsHide
        content={
          <PathContext value={setPath}>
            <Boundary location={location}>
              <Suspense fallback={<Spinner size="large" />}>
                <Switch>
                  {PAGES.map(([pattern, Page]) => (
                    <Route key={pattern} path={pattern}>
                      {(parameters) => <Page parameters={decoded(parameters)} />}
                    </Route>
                  ))}
                  <Route>
                    <NoPage />
                  </Route>
                </Switch>
              </Suspense>
            </Boundary>
          </PathContext>
        }
      />
    </>
  );
}

/** Whether the links of the side are shown: where there is room for them, until somebody decides otherwise; again after each change of that. */
function useNavigation(): readonly [isOpen: boolean, setOpen: (isOpen: boolean) => void] {
  const [isOpen, setOpen] = useState(() => matchMedia(ROOM_FOR_NAVIGATION).matches);
  useEffect(() => {
    const room = matchMedia(ROOM_FOR_NAVIGATION);
    const follow = (): void => setOpen(room.matches);
    room.addEventListener("change", follow);
    return () => room.removeEventListener("change", follow);
  }, []);
  return [isOpen, setOpen];
}

/** The router leaves the parts of an address as they are written there. */
function decoded(parameters: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, value && safelyDecoded(value)]));
}

function safelyDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function Top(): ReactNode {
  const words = shellTexts();
  const language = useLanguage();
  const { session } = useConsole();
  return (
    <TopNavigation
      identity={{ href: href(addresses.projects()), title: "Groundwork" }}
      utilities={[
        { type: "button", text: words.work, href: "work.html" },
        {
          type: "menu-dropdown",
          iconName: "globe",
          text: LANGUAGE_NAMES[language],
          ariaLabel: `${words.language}: ${LANGUAGE_NAMES[language]}`,
          items: LANGUAGES.map((each) => ({ id: each, text: LANGUAGE_NAMES[each], lang: each })),
          onItemClick: ({ detail }) => chooseLanguage(detail.id as Language),
        },
        {
          type: "menu-dropdown",
          iconName: "user-profile",
          text: session.username,
          ariaLabel: `${words.account}: ${session.username}`,
          items: [
            { id: "access-keys", text: words.accessKeys, href: href(addresses.accessKeys()) },
            { id: "sign-out", text: words.signOut },
          ],
          onItemClick: ({ detail }) => {
            if (detail.id === "sign-out") void session.signOut();
          },
        },
      ]}
    />
  );
}

/** The links of the side: the project that the address names, and what administrators have besides. */
function Navigation({ location }: { readonly location: string }): ReactNode {
  const words = shellTexts();
  const me = useMe();
  const project = projectIn(location);
  const link = (text: string, address: string): SideNavigationProps.Link => ({ type: "link", text, href: href(address) });
  const general = [link(words.projects, addresses.projects())];
  const ofProject = project === undefined ? [] : [
    link(words.labelingJobs, addresses.labelingJobs(project)),
    link(words.manifests, addresses.manifests(project)),
    link(words.members, addresses.members(project)),
    link(words.dataLocations, addresses.dataLocations(project)),
    link(words.labelingTeams, addresses.projectTeams(project)),
    link(words.notifications, addresses.notifications(project)),
  ];
  const ofAdministrators = !me?.is_admin ? [] : [
    link(words.allLabelingJobs, addresses.allLabelingJobs()),
    link(words.labelingTeams, addresses.labelingTeams()),
    link(words.people, addresses.people()),
  ];
  const group = (title: string, items: readonly SideNavigationProps.Link[]): SideNavigationProps.Item[] =>
    items.length === 0 ? [] : [{ type: "section-group", title, items }];
  return (
    <SideNavigation
      header={{ text: "Groundwork", href: href(addresses.projects()) }}
      items={[...general, ...group(project ?? "", ofProject), ...group(words.administration, ofAdministrators)]}
      activeHref={activeLink([...general, ...ofProject, ...ofAdministrators], href(location))}
    />
  );
}

function projectIn(location: string): string | undefined {
  const name = /^\/projects\/([^/]+)/.exec(location)?.[1];
  return name && safelyDecoded(name);
}

/** The link whose page, or a page below it, the address names: the longest that fits. */
function activeLink(links: readonly SideNavigationProps.Link[], current: string): string | undefined {
  const fitting = links.map((link) => link.href).filter((each) => current === each || current.startsWith(`${each}/`));
  return fitting.sort((one, other) => other.length - one.length)[0];
}

interface BoundaryProps {
  /** An error is of one page: another one is shown afresh. */
  readonly location: string;
  readonly children: ReactNode;
}

/** Says so when a page fails, and leaves what is around it. */
class Boundary extends Component<BoundaryProps, { readonly error: unknown }> {
  override state = { error: undefined as unknown };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override componentDidUpdate(before: BoundaryProps): void {
    if (before.location !== this.props.location && this.state.error !== undefined) this.setState({ error: undefined });
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return <ProblemAlert error={this.state.error} onRetry={() => this.setState({ error: undefined })} />;
  }
}
