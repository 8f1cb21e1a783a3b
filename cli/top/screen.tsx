import { Box } from "ink";
import type { ReactNode } from "react";
import { Footer } from "./footer.tsx";
import { gutter, type Layout, layoutOf, type PanelPlace, type Size } from "./layout.ts";
import { pageLines } from "./pages/page-lines.ts";
import { Header } from "./panels/header.tsx";
import type { PanelName } from "./panels/panel-name.ts";
import { panelsOf, type PanelView, viewOf } from "./panels/panels.ts";
import type { State } from "./state.ts";
import { Line, Table } from "./table/table.tsx";
import type { Theme } from "./theme.ts";

/** What a screen is drawn of. */
export interface ScreenProps {
  state: State;
  size: Size;
  theme: Theme;
}

/** The whole screen as a function of the state: the header, the panels or a page over them, and the line at the foot. */
export function Screen({ state, size, theme }: ScreenProps): ReactNode {
  const views = new Map(panelsOf(state).map((name) => [name, viewOf(state, name)]));
  const needs = new Map([...views].map(([name, { rows }]) => [name, Math.max(1, rows.length)]));
  const layout = layoutOf(size, needs, state.focus);
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows} overflow="hidden">
      <Header state={state} width={size.columns} lines={layout.header} theme={theme} />
      <Box height={Math.max(0, size.rows - layout.header - 1)} overflow="hidden">
        {state.page === undefined ? (
          <Panels state={state} views={views} layout={layout} theme={theme} />
        ) : (
          <PageView state={state} size={size} height={size.rows - layout.header - 1} theme={theme} />
        )}
      </Box>
      <Footer state={state} width={size.columns} theme={theme} />
    </Box>
  );
}

interface PanelsProps {
  state: State;
  views: ReadonlyMap<PanelName, PanelView>;
  layout: Layout;
  theme: Theme;
}

function Panels({ state, views, layout, theme }: PanelsProps): ReactNode {
  return (
    <Box gap={gutter}>
      {layout.panels.map((places, at) => (
        <Box key={at} flexDirection="column" gap={layout.isAiry ? 1 : 0} width={layout.width}>
          {places.map((place) => (
            <Panel
              key={place.name}
              place={place}
              view={views.get(place.name) as PanelView}
              width={layout.width}
              isFocused={state.focus === place.name}
              theme={theme}
            />
          ))}
        </Box>
      ))}
    </Box>
  );
}

interface PanelProps {
  place: PanelPlace;
  view: PanelView;
  width: number;
  isFocused: boolean;
  theme: Theme;
}

function Panel({ place, view, width, isFocused, theme }: PanelProps): ReactNode {
  return <Table title={place.name} {...view} width={width} height={place.height} isFocused={isFocused} theme={theme} />;
}

/** A page of lines, scrolled as far as there are lines to see. */
function PageView({ state, size, height, theme }: ScreenProps & { height: number }): ReactNode {
  const lines = pageLines(state, size.columns);
  const from = Math.max(0, Math.min(state.scroll, lines.length - height));
  return (
    <Box flexDirection="column" height={height} overflow="hidden">
      {lines.slice(from, from + height).map((pieces, at) => (
        <Line key={at} pieces={pieces} theme={theme} />
      ))}
    </Box>
  );
}
